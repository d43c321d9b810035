/** @file Why a precision was chosen: as `config.json` keeps it, in English, and as pages translate it. */

/** The reasons in words. Each `{}` stands for a value. */
const REASONS = {
  asBegun: 'as the run began',
  noInstructions: 'the CPU has no bfloat16 instructions',
  unknownCapability: 'compute capability unknown',
  capability: 'compute capability {}',
  measured: '{} in float32, {} in bfloat16',
} as const;

/** A reason, without its values. */
export type PrecisionReason = keyof typeof REASONS;

/** A reason in words, or in a translation of them, with its values. */
export function reasonText(
  reason: PrecisionReason,
  values: readonly string[] = [],
  words: Readonly<Record<PrecisionReason, string>> = REASONS,
): string {
  let used = 0;
  return words[reason].replaceAll('{}', () => values[used++]!);
}

/** Recognises a reason in words and its values; undefined for other texts, such as the variable that decided. */
export function parseReason(text: string): { readonly reason: PrecisionReason; readonly values: string[] } | undefined {
  for (const reason of Object.keys(REASONS) as PrecisionReason[]) {
    const found = new RegExp(`^${REASONS[reason].replaceAll('{}', '(.+)')}$`).exec(text);
    if (found !== null) return { reason, values: found.slice(1) };
  }
  return undefined;
}
