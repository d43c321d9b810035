/** @file The formulas of `models/activations.ts`, as ONNX nodes. */
import type { Activation } from '../../models/config.js';
import type { OnnxGraph, OnnxValue } from './graph.js';

type ActivationNodes = (graph: OnnxGraph, x: OnnxValue) => OnnxValue;

const gelu: ActivationNodes = (graph, x) => {
  const erf = graph.add('Erf', [graph.add('Mul', [x, graph.float(Math.SQRT1_2)])]);
  return graph.add('Mul', [graph.add('Mul', [x, graph.add('Add', [erf, graph.float(1)])]), graph.float(0.5)]);
};

const gated =
  (slope: number): ActivationNodes =>
  (graph, x) =>
    graph.add('Mul', [x, graph.add('Sigmoid', [slope === 1 ? x : graph.add('Mul', [x, graph.float(slope)])])]);

const geluTanh: ActivationNodes = (graph, x) => {
  const cubic = graph.add('Mul', [graph.add('Mul', [graph.add('Mul', [x, x]), x]), graph.float(0.044715)]);
  const gate = graph.add('Tanh', [
    graph.add('Mul', [graph.add('Add', [x, cubic]), graph.float(Math.sqrt(2 / Math.PI))]),
  ]);
  return graph.add('Mul', [graph.add('Mul', [x, graph.add('Add', [gate, graph.float(1)])]), graph.float(0.5)]);
};

/** Activations by the names that `config.json` uses. */
export const ACTIVATIONS: Readonly<Record<Activation, ActivationNodes>> = {
  gelu,
  quick_gelu: gated(1.702),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: (graph, x) => graph.add('Relu', [x]),
  silu: gated(1),
  swish: gated(1),
};
