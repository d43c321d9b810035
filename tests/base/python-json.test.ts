import { describe, expect, it } from 'vitest';
import { formatPythonJson, parsePythonJson } from '../../src/base/python-json.js';
import { describe as inWords } from '../../src/base/json-schema.js';

describe('JSON as Python reads it', () => {
  it.each([
    [NaN, 'NaN'],
    [[Infinity, -Infinity, 0], '[\n  Infinity,\n  -Infinity,\n  0\n]'],
    [
      { NaN: 'NaN', text: '"Infinity"', none: null },
      '{\n  "NaN": "NaN",\n  "text": "\\"Infinity\\"",\n  "none": null\n}',
    ],
  ])('%j', (value, text) => {
    expect(formatPythonJson(value)).toBe(text);
    expect(parsePythonJson(text)).toEqual(value);
  });
});

describe('JSON as Python writes it', () => {
  it.each([
    ['{"a": NaN, "b": [Infinity, -Infinity]}', { a: NaN, b: [Infinity, -Infinity] }],
    ['{"a": "NaN, \\"Infinity\\" \\\\", "b": -Infinity}', { a: 'NaN, "Infinity" \\', b: -Infinity }],
    ['\uFEFF{"a": 1e30, "NaN": null}', { a: 1e30, NaN: null }],
    ['{"model_max_length": 1000000000000000019884624838656}', { model_max_length: 1e30 }],
    ['NaN', NaN],
    ['"NaN"', 'NaN'],
    [
      '{"__proto__": NaN}',
      JSON.parse('{"__proto__": 0}', (key, value: unknown) => (key === '__proto__' ? NaN : value)),
    ],
  ])('%s', (text, value) => {
    expect(parsePythonJson(text)).toEqual(value);
  });

  it.each([
    '{"a": NaNa}',
    '{"a": -NaN}',
    '{"a": +Infinity}',
    '{"a": nan}',
    '{"a": Infinity',
    '{NaN: 1}',
    '{a: Infinity}',
  ])('is not %s, and the message has the position in the text', (text) => {
    const error = ((): unknown => {
      try {
        return JSON.parse(text);
      } catch (reason) {
        return reason;
      }
    })();
    expect(() => parsePythonJson(text)).toThrow((error as Error).message);
  });

  it('may have long strings and many words', () => {
    const text = `["${'a\\"b'.repeat(300_000)}", ${Array.from({ length: 50_000 }, () => 'NaN, -Infinity').join()}]`;
    const [long, ...words] = parsePythonJson(text) as [string, ...number[]];
    expect(long).toHaveLength(900_000);
    expect(words).toHaveLength(100_000);
    expect(words.slice(0, 2)).toEqual([NaN, -Infinity]);
  });

  it('is shown with NaN and Infinity', () => {
    expect([NaN, -Infinity, 'a', undefined].map((value) => inWords(value))).toEqual([
      'NaN',
      '-Infinity',
      '"a"',
      'nothing',
    ]);
  });
});
