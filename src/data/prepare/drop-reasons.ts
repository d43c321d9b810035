/** The reasons for dropping a row, in the order of the checks, with the words shown to the user. */
export const DROP_REASONS = {
  unreadable: 'row that cannot be read',
  repeated_header: 'header among the rows',
  empty: 'empty text',
  identical: 'same text on both sides',
  no_hangul: 'no Hangul in the Korean text',
  duplicate_pair: 'copy of another pair',
  duplicate_ko: 'another pair with this Korean text is kept',
  duplicate_en: 'another pair with this English text is kept',
  too_long: 'over 77 tokens',
} as const;

export type DropReason = keyof typeof DROP_REASONS;

/** How many rows were dropped, for any reason. */
export function droppedOf({ dropped }: { readonly dropped: Readonly<Partial<Record<DropReason, number>>> }): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
