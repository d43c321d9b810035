import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { asDeviceFailure, DeviceFailedError } from '../../src/engine/failed-device.js';

const MESSAGE =
  'could not synchronize on CUDA context: CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable ECC error encountered';

describe('a GPU that fails while it computes', () => {
  it('is told in one line, with what to do about that error', () => {
    const error = asDeviceFailure(new Error(MESSAGE), 'GPU 1 (NVIDIA H100)');
    expect(error).toBeInstanceOf(DeviceFailedError);
    expect((error as Error).message).toBe(
      `GPU 1 (NVIDIA H100): expected it to compute, but it failed (${MESSAGE}); its memory has an error: reset it with ` +
        '`sudo nvidia-smi --gpu-reset`, or restart the machine; if that recurs, replace it',
    );
  });

  it.each([
    'INTERNAL: CUDA_ERROR_ILLEGAL_ADDRESS',
    'GPU sync failed',
    'cublasSgemm failed: CUBLAS_STATUS_EXECUTION_FAILED',
    'an illegal memory access was encountered',
    'cudaErrorLaunchFailure',
  ])('is recognised by %s, and the driver notes the cause', (message) => {
    expect(asDeviceFailure(new Error(message))).toMatchObject({
      code: 'DEVICE_FAILED',
      message: expect.stringMatching(/^the GPU: .+; `sudo dmesg \| grep Xid` shows/) as string,
    });
  });

  it('is told shortly, as TensorFlow lists all ops', () => {
    const { message } = asDeviceFailure(new Error(`${MESSAGE}\n${'[[op]] '.repeat(500)}`)) as Error;
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain('\n');
  });

  it.each([new Error('a bug'), new Error('CUDA_ERROR_OUT_OF_MEMORY'), new InputError('CUDA_ERROR in a file')])(
    'is not %s',
    (error) => {
      expect(asDeviceFailure(error)).toBe(error);
    },
  );
});
