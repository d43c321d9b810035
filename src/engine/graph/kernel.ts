/** @file A recorded op: a tfjs kernel that appends nodes to a graph. */
import type { Attributes, Graph, Value } from './graph.js';

/** A value with the shape that tfjs sees. */
export type RecordedTensor = Value;

type Inputs = Readonly<Record<string, RecordedTensor>>;
/** tfjs passes attributes untyped; each kernel names those it reads. */
export type Kernel = (graph: Graph, inputs: Inputs, attributes: object) => Value;

/** The attribute that most ops need: the dtype of their values. */
export const typed = (value: Value): Attributes => ({ T: { type: value.dtype } });
