/** All properties of `T` by name, so that none is forgotten; optional ones may be undefined. */
export type Complete<T> = { readonly [Name in keyof Required<T>]: T[Name] };
