import { expect, it } from 'vitest';
import { csvField } from '../../src/base/csv.js';

it.each([
  [-0.5, '-0.5'],
  [1e-7, '1e-7'],
  [null, ''],
  [undefined, ''],
  ['-0.5', '-0.5'],
  ['+1e3', '+1e3'],
  ['a, "b"', '"a, ""b"""'],
  ['=1+1', "'=1+1"],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ['+SUM(A1)', "'+SUM(A1)"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', '"\'\t=1"'],
  ['\r=1', '"\'\r=1"'],
  ['＝1+1', "'＝1+1"],
  ['a=1', 'a=1'],
])('the CSV field of %j is %s', (value, field) => {
  expect(csvField(value)).toBe(field);
});
