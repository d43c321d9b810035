/** @file Recognises errors of a GPU that has failed while it computed. */
import { InputError, messageOf } from '../base/errors.js';
import { cudaRemedy } from '../tensorflow/cuda-errors.js';
import { failedAllocation } from './failed-allocation.js';

/** A GPU has failed; the process cannot use it any more. */
export class DeviceFailedError extends InputError {
  override readonly code = 'DEVICE_FAILED';
}

/** The names of CUDA's errors and of those of its libraries. */
const ERRORS = ['CUDA_ERROR_', 'cudaError', 'CUBLAS_STATUS_', 'CUSOLVER_STATUS_', 'CUDNN_STATUS_'];
/** Words that stand for them in TensorFlow's messages. */
const WORDS = ['GPU sync failed', 'uncorrectable ECC error', 'illegal memory access', 'unspecified launch failure'];
const FAILED = new RegExp(`\\b(?:${ERRORS.join('|')})\\w+|${WORDS.join('|')}`);

/** TensorFlow's messages about a GPU end with a list of ops; their beginning names the cause. */
const MESSAGE_LENGTH = 200;

/**
 * The error for the user, if a GPU has failed; any other error unchanged, an out-of-memory error included.
 *
 * @param name of the GPU, if known
 */
export function asDeviceFailure(error: unknown, name = 'the GPU'): unknown {
  const message = messageOf(error);
  const [cause] = FAILED.exec(message) ?? [];
  if (cause === undefined || error instanceof InputError || failedAllocation(error) !== undefined) return error;
  const said = message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH)} …` : message;
  return new DeviceFailedError(`${name}: expected it to compute, but it failed (${said}); ${cudaRemedy(cause)}`, {
    cause: error,
  });
}
