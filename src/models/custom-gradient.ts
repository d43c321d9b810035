import tf from '../base/tfjs.cjs';

/** The result of a forward pass, and what is kept of it for the backward pass. */
interface Forward<Out extends tf.Tensor, Saved extends tf.Tensor[]> {
  readonly value: Out;
  readonly saved: readonly [...Saved];
}

/**
 * An op with an explicit gradient: `tf.customGrad`, with types for its inputs and for what it saves.
 *
 * @param gradient returns the gradients for all inputs, given that of the value and the saved tensors
 */
export function customGradient<In extends tf.Tensor[], Out extends tf.Tensor, Saved extends tf.Tensor[]>(
  inputs: readonly [...In],
  forward: (...inputs: In) => Forward<Out, Saved>,
  gradient: (dy: Out, ...saved: Saved) => readonly tf.Tensor[],
): Out {
  const op = tf.customGrad<Out>((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const { value, saved } = forward(...(args.slice(0, -1) as unknown as In));
    save([...saved]);
    return { value, gradFunc: (dy, kept) => [...gradient(dy, ...(kept as Saved))] };
  });
  return op(...inputs);
}
