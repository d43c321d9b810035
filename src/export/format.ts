/** The tools that a student is exported for. */
export const FORMATS = ['transformers', 'diffusers', 'onnx'] as const;
export type Format = (typeof FORMATS)[number];
