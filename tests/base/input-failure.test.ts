import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asInputError } from '../../src/base/input-failure.js';
import { InputError } from '../../src/base/errors.js';

/** What some work throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

it('words what the operating system refuses, for programs, too', () => {
  const refused = thrownBy(() => statSync('/none/such'));
  const error = asInputError(refused);
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ code: 'SYSTEM', cause: refused });
  expect((error as Error).message).toContain('/none/such');
});

it('says of a path with the character NUL, which only programs and files can give, what is wrong with it', () => {
  const error = asInputError(thrownBy(() => statSync('none\0such')));
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({
    code: 'INPUT',
    message: String.raw`a path: expected one without the character NUL, which no system allows, got 'none\x00such'; give another`,
  });
});

it('leaves bad input and bugs as they are', () => {
  for (const error of [new InputError('x: expected this, got that'), new TypeError('a bug'), 'no error'])
    expect(asInputError(error)).toBe(error);
});
