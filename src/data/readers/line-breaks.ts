/** @file Line breaks: `\n`, `\r\n`, or `\r` alone, as on old Macintoshes. */

const [LINE_FEED, RETURN] = [0x0a, 0x0d];

/** How many bytes to search for the first line feed; longer lines are refused. */
const LONGEST_LINE = 1 << 20;

/**
 * Converts `\r` to `\n` in a text in UTF-8 whose lines end with `\r` alone, that is, one without a line feed in the
 * first MiB. In other texts `\r` is an ordinary character.
 */
export async function* withLineFeeds(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] | undefined = []; // until the kind of line break is known
  let size = 0;
  let isReturn = false;
  let last: Buffer = Buffer.alloc(0); // a return at the end of a chunk, which a line feed may follow
  const converted = (piece: Buffer): Buffer => {
    const bytes = Buffer.concat([last, piece]);
    const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
    for (let at = bytes.indexOf(RETURN); at !== -1 && at < end; at = bytes.indexOf(RETURN, at + 1))
      if (bytes[at + 1] !== LINE_FEED) bytes[at] = LINE_FEED;
    last = bytes.subarray(end);
    return bytes.subarray(0, end);
  };
  for await (const piece of pieces) {
    if (held === undefined) {
      yield isReturn ? converted(piece) : piece;
      continue;
    }
    held.push(piece);
    size += piece.length;
    const hasLineFeed = piece.includes(LINE_FEED);
    if (!hasLineFeed && size <= LONGEST_LINE) continue;
    isReturn = !hasLineFeed && held.some((each) => each.includes(RETURN));
    for (const each of held) yield isReturn ? converted(each) : each;
    held = undefined;
  }
  for (const each of held ?? []) yield converted(each);
  if (last.length > 0) yield Buffer.of(LINE_FEED);
}
