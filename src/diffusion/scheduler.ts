/** Removes the noise from one picture's latents, step by step. It is stateful: each picture needs a new one. */
export interface Scheduler {
  /** The time steps at which the model is evaluated, in order; a step may occur twice. */
  readonly timesteps: readonly number[];
  /**
   * The latents after the next time step.
   *
   * @param modelOutput the prediction for `sample` at that time step
   * @param sample the latents before it: the noise, or the result of the last call
   */
  step(modelOutput: Float32Array, sample: Float32Array): Float32Array;
}
