/** @file What the table of settings says of each. */
import type { Kind } from '../../base/kinds.js';

/** A setting of a run. */
export interface Setting<T = unknown> {
  /** The flag in commander's syntax; `--no-…` for a switch that is on. */
  readonly flag: string;
  /** Its description in the help. */
  readonly help: string;
  /** The heading in the help under which it stands; those before the first heading have none. */
  readonly group?: 'Data:' | 'Models:' | 'Training:' | 'Machine:' | 'Run:' | 'Previews:';
  readonly kind: Kind<T>;
  /** What a run stores, where that is narrower than what may be asked for. */
  readonly stored?: Kind<T>;
  /** Absent where the setting may be absent, too. */
  readonly default?: T;
  /** What runs did whose `config.json` lacks it, because it is newer than they are. */
  readonly earlier?: T;
  /** How the help shows the default, where that is not as it is. */
  readonly shownDefault?: string;
  /** Whether recipes set it. */
  readonly recipe?: true;
  /** Whether a run of a recipe is another one with it, and recipes never have it. */
  readonly leavesRecipe?: true;
  /** Whether a run may be resumed with another value. */
  readonly resume?: 'may change';
}
