/** @file Settings: teacher and student. */
import { SWITCH, TEXT } from '../../base/kinds.js';
import type { Setting } from './setting.js';

/** The settings under `Models:`. */
export const MODEL_SETTINGS = {
  teacher: {
    group: 'Models:',
    flag: '--teacher <id|folder>',
    help: 'a CLIP text model, on the hub or in a folder',
    kind: TEXT,
    default: 'openai/clip-vit-large-patch14',
    recipe: true,
    resume: 'may change',
  },
  student: {
    flag: '--student <id|folder>',
    help: 'a RoBERTa, BERT or CLIP text model to train',
    kind: TEXT,
    default: 'klue/roberta-small',
    recipe: true,
    resume: 'may change',
  },
  teacherTokenizer: {
    flag: '--teacher-tokenizer <id|folder>',
    help: 'its tokenizer, if it is elsewhere',
    kind: TEXT,
    resume: 'may change',
  },
  studentTokenizer: {
    flag: '--student-tokenizer <id|folder>',
    help: 'its tokenizer, if it is elsewhere',
    kind: TEXT,
    resume: 'may change',
  },
  project: {
    flag: '--project',
    help: "learn a linear projection where the student's width is not the teacher's",
    kind: SWITCH,
    leavesRecipe: true,
  },
  randomWeights: {
    flag: '--random-weights',
    help: 'initialise all parameters at random and read only config.json (speed and memory tests)',
    kind: SWITCH,
    default: false,
    leavesRecipe: true,
  },
} as const satisfies Readonly<Record<string, Setting>>;
