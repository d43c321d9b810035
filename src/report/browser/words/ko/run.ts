/** @file Korean texts of a run's overview, losses and configuration. */
import { parseReason, reasonText, type PrecisionReason } from '../../../../tensorflow/precision-reasons.js';
import type { RUN as EN } from '../en/run.js';

export const RUN: typeof EN = {
  learns: (student, teacher) => `${teacher}의 출력을 배우는 ${student}`,
  validationLoss: '검증 손실',
  fromUntrained: (loss, change) => `학습 전 ${loss} (${change})`,
  sampled: (sample, all) => `${all}쌍 가운데 표본 ${sample}쌍`,
  validatedOn: (run, sample, all) => `${run}: 검증용 ${all}쌍 가운데 표본 ${sample}쌍으로 검증했습니다.`,
  english: '영어',
  korean: '한국어',
  total: '합계',
  both: '언어별',
  steps: '스텝',
  ofSteps: (total) => `전체 ${total}`,
  epochOf: (epoch, epochs) => `${epochs}에폭 중 ${epoch}번째`,
  atStep: (step) => `${step}스텝에서`,
  speed: '속도',
  pairsPerSecond: '쌍/초',
  meanSpeed: '평균',
  lastSpeed: (rate) => `마지막 기록 ${rate}`,
  trainingTime: '학습 시간',
  trained: (time) => `지금까지 ${time}`,
  timeLeft: '남은 시간',
  timeLeftLater: '첫 스텝 몇 개를 기록한 뒤에 알 수 있습니다',
  withoutValidations: '검증 제외',
  startedAt: (time) => `${time} 시작`,
  starting:
    '첫 스텝 전에 학습하지 않은 학생 모델을 측정하고, 모든 스텝이 쓸 계산 그래프와 메모리를 준비합니다. 손실 곡선은 첫 기록부터 그려집니다.',
  pairs: '문장 쌍',
  pairsNote: (validation) => `학습용 (검증용 ${validation})`,
  losses: '손실',
  lossNote: '학생 모델과 교사 모델이 낸 임베딩의 평균 제곱 오차입니다.',
  lossAxis: '평균 제곱 오차',
  loss: '손실',
  step: '스텝',
  epoch: '에폭',
  training: '학습',
  validation: '검증',
  published: '원래 실험, 검증',
  shown: '보기',
  logScale: '로그 축',
  smoothing: '스무딩',
  predictingMean: '교사의 평균으로 예측',
  repeatedNote: '에폭마다 같은 배치를 같은 순서로 쓰므로 학습 곡선의 톱니 모양이 에폭마다 되풀이됩니다.',
  sampleNote: (sample, all) =>
    `검증은 검증용 ${all}쌍에서 고르게 뽑은 표본 ${sample}쌍으로 하며, 표본은 매번 같습니다.`,
  baselineNote: (sample) => `학습 전 학생과 ‘교사의 평균으로 예측’은 그 가운데 ${sample}쌍으로 측정했습니다.`,
  lastBatchNote: (pairs) => `에폭의 마지막 배치는 ${pairs}쌍뿐이라 값이 튑니다.`,
  range: '범위',
  rangeFrom: '첫 스텝',
  rangeTo: '마지막 스텝',
  rangeAll: '전체',
  rangeHalf: '뒤 절반',
  rangeTenth: '뒤 10분의 1',
  lossChart: '스텝에 따른 학습 손실과 검증 손실',
  learningRate: '학습률',
  gradNorm: '그래디언트 노름',
  throughput: '처리 속도',
  throughputUnit: '초당 문장 쌍',
  validationTable: '검증 손실 표',
  trainingTable: '학습 손실 표',
  untrained: '학습 전',
  noSteps: '아직 기록된 스텝이 없습니다.',
  bucketNote: (rows, points) => `기록된 ${rows}스텝을 ${points}개 점과 그 최솟값·최댓값으로 그렸습니다.`,
  nonFinite: (step) => `${step}스텝에서 손실이 유한한 수가 아닙니다.`,
  nonFiniteValidation: (step) => `${step}스텝에서 검증 손실이 유한한 수가 아닙니다.`,
  skippedSteps: (steps) => `손실이나 그래디언트가 유한한 수가 아니어서 ${steps}스텝을 건너뛰었습니다.`,
  skippedLines: (lines) => `로그 ${lines}줄은 읽을 수 없어 뺐습니다.`,
  publishedNote: (recipe, loss, en, ko, duration) =>
    `원래 실험(레시피 ${recipe})의 마지막 손실은 ${loss}(영어 ${en}, 한국어 ${ko})이고, ` +
    `걸린 시간은 ${inKorean(duration)}입니다.`,
  configuration: '설정',
  settings: '학습 설정',
  environment: '환경',
  repeat: '이 학습을 다시 하려면',
  copy: '복사',
  copied: '복사함',
  environmentNames: {
    created: '시작',
    engine: '엔진',
    precision: '정밀도',
    precisionReason: '정밀도를 정한 근거',
    backend: '백엔드',
    device: '장치',
    cpu: 'CPU',
    instructions: 'CPU의 명령어 집합',
    threads: '연산 하나의 스레드 수',
    kd: 'kd',
    node: 'Node.js',
    tensorflow: 'TensorFlow',
    teacher: '교사 파라미터',
    student: '학생 파라미터',
    devices: '장치 수',
    textLengths: '문장 길이(토큰)',
    packedRows: '배치의 문장을 담는 행 수',
    data: '토큰 저장소',
    pairs: '문장 쌍(학습 + 검증)',
    fingerprint: '문장 쌍의 해시',
  },
  environmentValue: (name, value) => (name === 'precisionReason' ? reasonInKorean(value) : value),
};

/** Why a precision was chosen, in Korean. Variables that decided it stay as they are. */
function reasonInKorean(text: string): string {
  const parsed = parseReason(text);
  return parsed === undefined ? text : reasonText(parsed.reason, parsed.values, PRECISION_REASONS);
}

const PRECISION_REASONS: Readonly<Record<PrecisionReason, string>> = {
  asBegun: '학습을 시작할 때의 정밀도',
  noInstructions: 'CPU에 bfloat16 명령어가 없음',
  unknownCapability: 'compute capability를 알 수 없음',
  capability: 'compute capability {}',
  measured: 'float32 {}, bfloat16 {}',
};

/** A published duration in Korean: `3 h 06 m` is `3시간 6분`. */
function inKorean(duration: string): string {
  return duration.replace(/0?(\d+) ([hms])/g, (_, count: string, unit: string) => `${count}${UNITS[unit as 'h']}`);
}

const UNITS = { h: '시간', m: '분', s: '초' } as const;
