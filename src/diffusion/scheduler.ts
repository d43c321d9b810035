/** Removes the noise from one picture's latents, step by step. It keeps state, so each picture needs a new one. */
export interface Scheduler {
  /** The time steps at which the model is asked, in order; a step may come twice. */
  readonly timesteps: readonly number[];
  /**
   * The latents after the next of the time steps.
   *
   * @param modelOutput what the model says of `sample` at that time step
   * @param sample the latents before it: the noise, or what the last call gave
   */
  step(modelOutput: Float32Array, sample: Float32Array): Float32Array;
}
