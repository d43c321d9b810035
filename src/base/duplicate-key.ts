/**
 * The first key that occurs twice in an object of a JSON text, at any depth, or undefined. `JSON.parse` silently keeps
 * the last one.
 *
 * @param json valid JSON
 */
export function firstDuplicateKey(json: string): string | undefined {
  const scopes: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{') scopes.push(new Set());
    else if (character === '}') scopes.pop();
    else if (character === '"') {
      const start = at;
      at = endOfString(json, start);
      if (!isColonNext(json, at + 1)) continue;
      const key = JSON.parse(json.slice(start, at + 1)) as string;
      const keys = scopes.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}

function isColonNext(json: string, from: number): boolean {
  let at = from;
  while (at < json.length && ' \t\n\r'.includes(json[at]!)) at++;
  return json[at] === ':';
}
