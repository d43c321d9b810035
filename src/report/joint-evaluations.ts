/** @file The evaluations of several runs, side by side. */
import type { ModelFacts, RunEvaluations } from '../evaluate/evaluation.js';
import { withoutCopies } from './evaluated-models.js';
import type { ReportData } from './report-data.js';

/**
 * The runs' evaluations, merged if they use the same pairs and teacher or the same judged file, with each model once;
 * those on pairs come first. Different teachers of one name are told apart by where they are from.
 */
export function jointEvaluations(reports: readonly Pick<ReportData, 'run' | 'sections'>[]): RunEvaluations[] {
  const folders = reports.map(({ run }) => run.folder);
  const joint = new Map<string, RunEvaluations>();
  const add = (key: string, next: RunEvaluations): void => {
    const known = joint.get(key);
    joint.set(key, known === undefined ? next : joined(known, next));
  };
  for (const { sections } of reports) {
    const { pairs, sts = [] } = sections.evaluations ?? {};
    if (pairs !== undefined) {
      const { fingerprint, pairs: count, split, seed } = pairs.data;
      const models = pairs.models.filter((model) => isOfRuns(model, folders));
      const teacher = models.find(({ name }) => name === pairs.teacher)?.source;
      add(JSON.stringify([fingerprint, count, split, seed, pairs.teacher, teacher]), {
        pairs: { ...pairs, models: withoutCopies(models) },
        sts: [],
      });
    }
    for (const file of sts) {
      const models = file.models.filter((model) => isOfRuns(model, folders));
      add(JSON.stringify([file.file, file.pairs]), { sts: [{ ...file, models: withoutCopies(models) }] });
    }
  }
  const all = [...joint.values()];
  return withTeachersApart([
    ...all.filter(({ pairs }) => pairs !== undefined),
    ...all.filter(({ pairs }) => pairs === undefined),
  ]);
}

/** Whether a model is a baseline, or a checkpoint of one of the runs. */
function isOfRuns({ role, source }: ModelFacts, folders: readonly string[]): boolean {
  return role !== 'student' || folders.some((folder) => source === folder || source.startsWith(`${folder}/`));
}

function joined(first: RunEvaluations, second: RunEvaluations): RunEvaluations {
  const [a, b] = [first.sts[0], second.sts[0]];
  return {
    ...(first.pairs === undefined || second.pairs === undefined
      ? {}
      : { pairs: { ...first.pairs, models: withoutCopies([...first.pairs.models, ...second.pairs.models]) } }),
    sts: a === undefined || b === undefined ? [] : [{ ...a, models: withoutCopies([...a.models, ...b.models]) }],
  };
}

/** Whether some scores cannot be compared, because the pairs or the teacher of their evaluations differ. */
export function areSplit(evaluations: readonly RunEvaluations[]): boolean {
  return evaluations.filter(({ pairs }) => pairs !== undefined).length > 1;
}

/** Evaluations in which teachers of one name that come from different places have those places in their names. */
function withTeachersApart(evaluations: readonly RunEvaluations[]): RunEvaluations[] {
  const teachers = evaluations
    .flatMap(({ pairs, sts }) => [...(pairs?.models ?? []), ...sts.flatMap((file): ModelFacts[] => [...file.models])])
    .filter(({ role }) => role === 'teacher');
  const isAmbiguous = (name: string): boolean =>
    new Set(teachers.filter((other) => other.name === name).map(({ source }) => source)).size > 1;
  const apart = <Model extends ModelFacts>(models: readonly Model[]): Model[] =>
    models.map((model) =>
      model.role === 'teacher' && isAmbiguous(model.name) ? { ...model, name: placed(model) } : model,
    );
  return evaluations.map(({ pairs, sts }) => {
    const teacher = pairs?.models.find(({ name }) => name === pairs.teacher);
    return {
      ...(pairs === undefined
        ? {}
        : {
            pairs: {
              ...pairs,
              models: apart(pairs.models),
              teacher: teacher?.role === 'teacher' && isAmbiguous(pairs.teacher) ? placed(teacher) : pairs.teacher,
            },
          }),
      sts: sts.map((file) => ({ ...file, models: apart(file.models) })),
    };
  });
}

/** `clip (data/tiny/teacher)` */
const placed = ({ name, source }: ModelFacts): string => `${name} (${source})`;
