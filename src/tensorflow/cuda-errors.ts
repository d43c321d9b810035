/** @file CUDA's errors that are not the program's fault, and what to do about each. */

/** What to do, by the name of the error (`cuda.h`). */
const REMEDIES: Readonly<Record<string, string>> = {
  CUDA_ERROR_DEVICE_UNAVAILABLE:
    'another process has it for itself: end that one, or allow several with `sudo nvidia-smi --compute-mode=DEFAULT`',
  CUDA_ERROR_OUT_OF_MEMORY: 'end the processes that nvidia-smi lists on it, or take another (--device gpu:N)',
  CUDA_ERROR_NO_DEVICE: 'a container needs --gpus all; `nvidia-smi` lists what the driver has',
  CUDA_ERROR_ECC_UNCORRECTABLE:
    'its memory has an error: reset it with `sudo nvidia-smi --gpu-reset`, or restart the machine; if that recurs, ' +
    'replace it',
  CUDA_ERROR_SYSTEM_NOT_READY:
    'GPUs joined by NVSwitch need a service: `sudo systemctl start nvidia-fabricmanager`, of the same version as the ' +
    'driver',
  CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
    "the driver's library and its kernel module differ in version: restart the machine, or the container",
  CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE:
    "NVIDIA's package cuda-compat works on data-centre GPUs only: remove it, also from LD_LIBRARY_PATH",
  CUDA_ERROR_UNKNOWN:
    'after suspend or hibernation, load the module again with ' +
    '`sudo modprobe --remove nvidia_uvm && sudo modprobe nvidia_uvm`; otherwise restart the machine',
};

/** What to do about an error, such as `CUDA_ERROR_UNKNOWN`. */
export function cudaRemedy(error: string): string {
  return REMEDIES[error] ?? '`sudo dmesg | grep Xid` shows what the driver noted; restarting the machine may help';
}
