/** @file A comparison of runs as text for a terminal and as JSON. */
import { formatCount, formatRate } from '../base/format.js';
import type { Cell, Table } from '../evaluate/table.js';
import { bestValidation } from '../runs/best-validation.js';
import { textTable } from '../evaluate/table-text.js';
import { pairsTables, stsTable } from '../evaluate/tables.js';
import type { ModelFacts } from '../evaluate/evaluation.js';
import { areComparable } from './comparable.js';
import { areSplit } from './joint-evaluations.js';
import type { ComparisonData } from './pages.js';
import { FACT_NAMES } from './fact-names.js';

const OTHER_LOSSES = 'teacher, loss or validation pairs differ between these runs: their losses cannot be compared';

const OTHER_SCORES = 'evaluated on different pairs or with different teachers: compare scores within a table only';

/** The tables of a comparison, for a terminal of the given width: the runs, their differences and their evaluations. */
export function comparisonText(comparison: ComparisonData, columns = Infinity): string {
  const { differences, evaluations } = comparison;
  const evaluated = evaluations.flatMap(({ pairs, sts }) => [
    ...(pairs === undefined ? [] : pairsTables({ ...pairs, models: pairs.models.map(called) }).slice(0, 2)),
    ...sts.map((file) => stsTable({ ...file, models: file.models.map(called) })),
  ]);
  const tables = [
    runsTable(comparison),
    ...(differences.length === 0 ? [] : [differencesTable(comparison)]),
    ...evaluated,
  ];
  return tables.map((table) => textTable(table, columns)).join('\n\n');
}

/** The comparison as an event for `--json`. */
export function comparisonObject({ runs, differences, evaluations }: ComparisonData): Record<string, unknown> {
  return {
    runs: runs.map(({ run, validation }) => ({
      name: run.name,
      folder: run.folder,
      state: run.state,
      step: run.step,
      steps: run.totalSteps,
      best: bestValidation(validation) ?? null,
    })),
    differences: differences.map(({ name, values }) => ({ name, values })),
    evaluations,
  };
}

function runsTable(comparison: ComparisonData): Table {
  const { runs } = comparison;
  const loss = { format: (value: number) => value.toFixed(4) };
  return {
    title: '',
    columns: [
      { title: 'run' },
      { title: 'state' },
      { title: 'step' },
      { title: 'best loss', ...loss },
      { title: 'en', ...loss },
      { title: 'ko', ...loss },
      { title: 'at step', format: formatCount },
      { title: 'pairs/s', format: formatRate },
    ],
    rows: runs.map(({ run, validation }): Cell[] => {
      const best = bestValidation(validation);
      const steps = run.totalSteps === null ? '' : `/${formatCount(run.totalSteps)}`;
      return [
        run.name,
        run.state,
        `${formatCount(run.step)}${steps}`,
        best?.loss ?? null,
        best?.loss_en ?? null,
        best?.loss_ko ?? null,
        best?.step ?? null,
        run.pairsPerSecond,
      ];
    }),
    notes: [
      ...runs.flatMap(({ run: { name, validationSample: sample, validationPairs: all } }) =>
        sample === null
          ? []
          : [`${name}: validated on a sample of ${formatCount(sample)} of ${formatCount(all)} pairs`],
      ),
      ...(areComparable(comparison) ? [] : [OTHER_LOSSES]),
      ...(areSplit(comparison.evaluations) ? [OTHER_SCORES] : []),
    ],
  };
}

function differencesTable({ runs, differences }: ComparisonData): Table {
  return {
    title: '',
    columns: [{ title: 'differs' }, ...runs.map(({ run }) => ({ title: run.name }))],
    rows: differences.map(({ name, isSetting, values }) => [
      isSetting ? name : (FACT_NAMES[name] ?? name),
      ...values.map((value) => (value === '' ? 'yes' : value)),
    ]),
    notes: [],
  };
}

/** A baseline shared by several runs has no name of its own. */
function called<Model extends ModelFacts>(model: Model): Model {
  return model.name === '' ? { ...model, name: 'untrained student' } : model;
}
