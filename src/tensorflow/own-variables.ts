/** @file The environment variables that kd sets for TensorFlow in this process, apart from the user's own. */

/** What the variables that kd has set were before; undefined: not set. */
const before = new Map<string, string | undefined>();

/** Sets variables of this process, and remembers what the user had set. */
export function setVariables(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!before.has(name)) before.set(name, process.env[name]);
    process.env[name] = value;
  }
}

/**
 * The environment without what kd has set for TensorFlow in this process: by it GPUs are chosen again, here or in a
 * child process, where `CUDA_VISIBLE_DEVICES` would otherwise already be limited to those chosen first.
 */
export function usersEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}
