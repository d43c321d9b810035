/** @file Holds what commands print with `--json` to `docs/json.schema.json`. */
import { readFileSync } from 'node:fs';

/** As much of JSON Schema as the events need. */
interface EventSchema {
  readonly description: string;
  readonly properties: Readonly<
    Record<
      string,
      { readonly const?: string; readonly type?: string | readonly string[]; readonly description?: string }
    >
  >;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

/** The schemas of all events; two commands may have events of one name. */
export const EVENT_SCHEMAS = (
  JSON.parse(readFileSync(new URL('../docs/json.schema.json', import.meta.url), 'utf8')) as {
    readonly $defs: Readonly<Record<string, EventSchema>>;
  }
).$defs;

/** What is wrong with an event; none for one as documented. */
export function faultsOf(event: Readonly<Record<string, unknown>>): string[] {
  const named = Object.values(EVENT_SCHEMAS).filter(({ properties }) => properties.event.const === event.event);
  if (named.length === 0) return [`no event of the name ${String(event.event)}`];
  const faults = named.map((schema) => faultsBy(schema, event));
  return faults.some((each) => each.length === 0) ? [] : faults[0];
}

function faultsBy({ properties, required }: EventSchema, event: Readonly<Record<string, unknown>>): string[] {
  const missing = required.filter((name) => !(name in event)).map((name) => `${name} is missing`);
  const others = Object.entries(event).flatMap(([name, value]) => {
    if (!Object.hasOwn(properties, name)) return [`${name} is not documented`];
    const { type, const: only } = properties[name];
    const isAsked = type === undefined ? value === only : [type].flat().some((each) => typesOf(value).includes(each));
    return isAsked ? [] : [`${name} is ${JSON.stringify(value)}`];
  });
  return [...missing, ...others];
}

function typesOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return Number.isInteger(value) ? ['number', 'integer'] : [typeof value];
}

/**
 * Throws for a line of standard output that is no documented event, where a command was asked for them. A last line
 * without an end was cut by a signal.
 */
export function holdToSchema(args: readonly string[], stdout: string): void {
  if (!args.includes('--json')) return;
  for (const line of stdout.split('\n').slice(0, -1)) {
    const faults = faultsOf(JSON.parse(line) as Readonly<Record<string, unknown>>);
    if (faults.length > 0) throw new Error(`kd ${args.join(' ')}: ${faults.join('; ')}: ${line.slice(0, 500)}`);
  }
}
