import { describe, expect, test } from 'vitest';
import { InputError, printable } from '../../src/base/errors.js';

describe('text from outside', () => {
  test('is shown on one line, with control characters escaped', () => {
    expect(printable('a\nb\r\tc\u001b[2J\u007f\u0085\0')).toBe('a\\nb\\r\\tc\\u001b[2J\\u007f\\u0085\\u0000');
    expect(printable('a\u2028b\u2029c\u202ed\u2066e')).toBe('a\\u2028b\\u2029c\\u202ed\\u2066e');
    expect(printable('\ud83dx\udc00')).toBe('\\ud83dx\\udc00');
  });

  test('is unchanged if it can be shown', () => {
    const text = 'C:\\new "폴더"/한국어\u1100\u1161 é 😀 👩\u200d🚀 "{}"';
    expect(printable(text)).toBe(text);
    expect(printable(printable('\n'))).toBe('\\n');
  });

  test('never makes an error span two lines', () => {
    expect(new InputError('a\u001b[31m.csv: expected one line, got\ntwo').message).toBe(
      'a\\u001b[31m.csv: expected one line, got\\ntwo',
    );
  });

  test('is shortened in the middle if it is too long, so that the advice remains', () => {
    const { message } = new InputError(`a.json: expected a name, got ${'😀'.repeat(50_000)}; give one`);
    expect(message).toMatch(
      /^a\.json: expected a name, got 😀+(\\ud83d)? … \(\d+ characters\) … (\\ude00)?😀+; give one$/u,
    );
    expect(message.length).toBeLessThan(2100);
  });
});
