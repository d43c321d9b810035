/**
 * What TensorFlow says as it ends its process, in one line of its log (`F0000 … file.cc:7] message`), which a stack
 * trace follows.
 *
 * @param stderr of the process
 * @returns undefined if it ended for another reason
 */
export function fatalMessage(stderr: string): string | undefined {
  return /(?:^|: )F\S* .*?\] (.+)$/m.exec(stderr)?.[1];
}
