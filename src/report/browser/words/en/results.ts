/** @file English texts of evaluations, translations, previews and pictures. */
import { withNoun } from '../../../../base/format.js';

export const RESULTS = {
  translations: 'Translations',
  translationsNote: (pairs: string, checkpoint: string) =>
    `${withNoun(pairs, 'held-out pair')}, encoded by ${checkpoint}. A sentence’s own translation should be its ` +
    'nearest neighbour.',
  poolings: {
    mean: 'Cosine similarity of mean hidden states.',
    pooled: 'Cosine similarity of pooled outputs.',
  } as Readonly<Record<'mean' | 'pooled', string>>,
  heatMap: 'How similar sentences are to translations',
  heatMapLabel: 'Cosine similarities of Korean and English sentences; the diagonal holds translations of each other',
  heatMapTable: 'Similarities as a table',
  nearest: 'Nearest neighbours',
  sentence: 'Sentence',
  direction: 'Direction',
  koToEn: 'Korean → English',
  enToKo: 'English → Korean',
  own: 'its translation',
  rank: (rank: string) => `Its translation is number ${rank}.`,
  similarity: 'similarity',
  translationsFound: (found: string, pairs: string) =>
    `${found} of ${pairs} Korean sentences have their own translation as nearest neighbour.`,
  notComparable: (checkpoint: string) =>
    `The student’s outputs at ${checkpoint} are not all finite numbers, so sentences cannot be compared.`,
  evaluation: 'Evaluation',
  evaluationNote: (pairs: string, teacher: string) =>
    `${withNoun(pairs, 'held-out pair')}, measured against ${teacher} on the English sentences.`,
  evaluationOfAllNote: (pairs: string, teacher: string) =>
    `${withNoun(pairs, 'pair')}, measured against ${teacher} on the English sentences.`,
  noEvaluation: 'Not evaluated yet. To compare this run with its teacher and with itself before training:',
  model: 'model',
  models: 'Models',
  best: '(best)',
  barNote:
    'Longer bars are better. The best score of each column is marked, with any ties; the teacher does not compete.',
  onDisk: 'on disk',
  width: 'width',
  byGroup: { corpus: 'By corpus', length: 'By tokens of the English text' } as Readonly<
    Record<'corpus' | 'length', string>
  >,
  groupPairs: (pairs: string) => withNoun(pairs, 'pair'),
  groupNote: 'Translations are searched for among all pairs, not only those of the group.',
  roles: { teacher: 'teacher', student: 'student', untrained: 'untrained student' } as Readonly<Record<string, string>>,
  mse: 'MSE',
  cosine: 'cosine',
  koFindsEn: 'ko → en',
  enFindsKo: 'en → ko',
  parameters: 'parameters',
  msPerText: 'ms per text',
  distances: 'Distance to the teacher',
  distancesLegend: 'Mean squared error and cosine similarity of hidden states at the same position.',
  found: 'Translations found',
  foundBy: { mean: 'mean', pooled: 'pooled' } as Readonly<Record<'mean' | 'pooled', string>>,
  foundLegend: (chance: string) =>
    'The share of sentences whose translation is the most similar of all, by the mean of hidden states and by ' +
    `pooled outputs; guessing finds ${chance}.`,
  poolerLegends: {
    untaught:
      'Pooled outputs go through the pooler, which is trained only by a loss on pooled outputs. This run ' +
      'learnt hidden states, and its pooler is unchanged: compare the mean of hidden states instead.',
    any:
      'Pooled outputs go through the pooler, which is trained only with --loss pooler; for a student of hidden ' +
      'states, compare the mean.',
  },
  previews: 'Previews',
  previewsNote:
    'Prompts drawn at checkpoints while the run trains. All pictures of a prompt start from the same noise; the ' +
    'teacher draws the English text, the student the Korean one.',
  someFrames: (shown: string, checkpoints: string) => `Of ${checkpoints} checkpoints, ${shown} are shown.`,
  someStrips: (shown: string, total: string) => `The first ${shown} of ${total} prompts are shown.`,
  filmStrip: (prompt: string) => `Previews of ${prompt}`,
  teacherFrame: 'teacher, English',
  stepFrame: (step: string) => `step ${step}`,
  pictures: 'Pictures',
  picturesNote: (shown: string, total: string) =>
    shown === total
      ? 'Drawn by kd generate with encoders of this run.'
      : `The newest ${shown} of ${total}, drawn by kd generate with encoders of this run.`,
  seed: (seed: string) => `seed ${seed}`,
  noiseFromFile: 'noise from a file',
  denoising: (steps: string, guidance: string) => `${steps} steps, guidance ${guidance}`,
  stsNote: (file: string, pairs: string) =>
    `${file}: ${withNoun(pairs, 'pair')} scored by people. Correlation of cosine similarity with their scores, ×100.`,
};
