/** @file The columns of the settings table. */
import type { Kind } from '../../base/kinds.js';

/** A setting of a run. */
export interface Setting<T = unknown> {
  /** The flag in commander's syntax; `--no-…` for a switch that is on by default. */
  readonly flag: string;
  /** Its description in the help. */
  readonly help: string;
  /** Its heading in the help; those before the first heading have none. */
  readonly group?: 'Data:' | 'Models:' | 'Training:' | 'Machine:' | 'Run:' | 'Previews:';
  readonly kind: Kind<T>;
  /** The kind of a stored value, if narrower than what may be asked for. */
  readonly stored?: Kind<T>;
  /** Absent if the setting is optional. */
  readonly default?: T;
  /** What runs did before this setting existed, whose `config.json` lacks it. */
  readonly legacyDefault?: T;
  /** How the help shows the default, if not as it is. */
  readonly shownDefault?: string;
  /** Whether recipes set it. */
  readonly recipe?: true;
  /** Whether giving it turns a recipe's run into a different one; recipes never set it. */
  readonly leavesRecipe?: true;
  /** Whether a run may be resumed with another value; `may move`: only if it has one, as it is a place. */
  readonly resume?: 'may change' | 'may move';
}
