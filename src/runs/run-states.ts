/**
 * The states of a run. `starting`: a process is at work on it, and no step was logged yet. `stopped`: it was saved, and
 * can go on. `failed`: an error ended it, or its process was killed.
 */
export const RUN_STATES = ['starting', 'training', 'finished', 'stopped', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];
