/** @file What a recorded op is: a tfjs kernel that appends nodes to a graph. */
import type { Attributes, Graph, Value } from './graph.js';

/** A value with the shape that tfjs sees it in. */
export type RecordedTensor = Value;

type Inputs = Readonly<Record<string, RecordedTensor>>;
/** Attributes come from tfjs untyped; each kernel names the ones it reads. */
export type Kernel = (graph: Graph, inputs: Inputs, attributes: object) => Value;

/** The attribute that most ops want: their values' dtype. */
export const typed = (value: Value): Attributes => ({ T: { type: value.dtype } });
