/** @file What the fields of a `tokenizer.json` are made of. */
import * as v from 'valibot';

/** Text without half of a surrogate pair. */
export const text = v.pipe(
  v.string(),
  v.check((value) => !/\p{Cs}/u.test(value), 'expected text, got half a surrogate pair; get the file again'),
);
/** True or false. */
export const bool = v.boolean();
/** A value that may be missing or null. */
export const optional = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema));
