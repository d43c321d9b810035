/** @file Korean texts of evaluations, translations, previews and pictures. */
import type { RESULTS as EN } from '../en/results.js';

export const RESULTS: typeof EN = {
  translations: '번역',
  translationsNote: (pairs, checkpoint) =>
    `학습에 쓰지 않은 ${pairs}쌍을 인코딩했습니다(${checkpoint}). 문장마다 그 번역이 가장 가까운 이웃이어야 합니다.`,
  poolings: { mean: '은닉 상태 평균의 코사인 유사도입니다.', pooled: '풀링 출력의 코사인 유사도입니다.' },
  heatMap: '문장과 번역의 유사도',
  heatMapLabel: '한국어 문장과 영어 문장의 코사인 유사도. 대각선이 서로 번역인 쌍입니다',
  heatMapTable: '유사도 표',
  nearest: '가장 가까운 이웃',
  sentence: '문장',
  direction: '방향',
  koToEn: '한국어 → 영어',
  enToKo: '영어 → 한국어',
  own: '해당 번역',
  rank: (rank) => `해당 번역은 ${rank}번째입니다.`,
  similarity: '유사도',
  translationsFound: (found, pairs) => `한국어 문장 ${pairs}개 가운데 ${found}개는 그 번역이 가장 가까운 이웃입니다.`,
  notComparable: (checkpoint) => `${checkpoint}에서 학생의 출력에 유한하지 않은 수가 있어 문장을 비교할 수 없습니다.`,
  evaluation: '평가',
  evaluationNote: (pairs, teacher) =>
    `학습에 쓰지 않은 ${pairs}쌍으로, 영어 문장에 대한 ${teacher}의 출력과 비교했습니다.`,
  evaluationOfAllNote: (pairs, teacher) => `${pairs}쌍으로, 영어 문장에 대한 ${teacher}의 출력과 비교했습니다.`,
  noEvaluation: '아직 평가하지 않았습니다. 교사, 그리고 학습 전의 학생과 비교하려면:',
  model: '모델',
  models: '모델 정보',
  best: '(최고)',
  barNote: '막대가 길수록 좋습니다. 교사를 제외하고 열마다 가장 좋은 점수를 표시했으며, 동점이면 모두 표시했습니다.',
  onDisk: '파일 크기',
  width: '은닉 차원',
  byGroup: { corpus: '말뭉치별', length: '영어 문장의 토큰 수별' },
  groupPairs: (pairs) => `${pairs}쌍`,
  groupNote: '번역은 묶음 안에서만이 아니라 모든 쌍 가운데서 찾습니다.',
  roles: { teacher: '교사', student: '학생', untrained: '학습 전 학생' },
  mse: 'MSE',
  cosine: '코사인',
  koFindsEn: '한 → 영',
  enFindsKo: '영 → 한',
  parameters: '파라미터',
  msPerText: 'ms/문장',
  distances: '교사와의 거리',
  distancesLegend: '같은 위치의 은닉 상태끼리 잰 평균 제곱 오차와 코사인 유사도입니다.',
  found: '번역 찾기',
  foundBy: { mean: '평균', pooled: '풀링' },
  foundLegend: (chance) =>
    `은닉 상태 평균이나 풀링 출력으로 비교할 때 그 번역이 가장 비슷한 문장의 비율입니다. 무작위로 고르면 ${chance}입니다.`,
  poolerLegends: {
    untaught:
      '풀링 출력은 풀러를 거치며, 풀러는 풀링 출력을 손실로 쓸 때만 학습됩니다. 이 학습은 은닉 상태를 배웠으므로 풀러는 처음 그대로입니다. 은닉 상태 평균을 보세요.',
    any: '풀링 출력은 풀러를 거치며, 풀러는 --loss pooler일 때만 학습됩니다. 은닉 상태를 배운 학생은 은닉 상태 평균으로 비교하세요.',
  },
  previews: '미리보기',
  previewsNote:
    '학습하는 동안 체크포인트마다 그린 그림입니다. 한 프롬프트의 그림은 모두 같은 노이즈에서 시작하며, 교사는 영어 문장을, ' +
    '학생은 한국어 문장을 그립니다.',
  someFrames: (shown, checkpoints) => `체크포인트 ${checkpoints}개 가운데 ${shown}개를 보여 줍니다.`,
  someStrips: (shown, total) => `프롬프트 ${total}개 가운데 처음 ${shown}개를 보여 줍니다.`,
  filmStrip: (prompt) => `${prompt} 미리보기`,
  teacherFrame: '교사, 영어',
  stepFrame: (step) => `${step}스텝`,
  pictures: '그림',
  picturesNote: (shown, total) =>
    shown === total
      ? '이 학습의 인코더로 kd generate가 그렸습니다.'
      : `이 학습의 인코더로 kd generate가 그린 ${total}장 가운데 최근 ${shown}장입니다.`,
  seed: (seed) => `시드 ${seed}`,
  noiseFromFile: '파일의 노이즈',
  denoising: (steps, guidance) => `${steps}스텝, 가이던스 ${guidance}`,
  stsNote: (file, pairs) => `${file}: 사람이 점수를 매긴 ${pairs}쌍. 코사인 유사도와 그 점수의 상관계수(×100)입니다.`,
};
