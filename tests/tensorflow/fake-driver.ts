/** @file A stand-in for CUDA's driver library, compiled for the tests. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Two GPUs: the functions of cuda.h, with its numbers of attributes. `FAKE_VERSION`, `FAKE_INIT` and `FAKE_CONTEXT` are
 * the driver's CUDA, what `cuInit` returns (`abort`: nothing any more), and what a context on the second GPU returns.
 */
const SOURCE = `
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int ready = 0, current = 0;
static int given(const char* name, int otherwise) {
  const char* text = getenv(name);
  if (text != NULL && strcmp(text, "abort") == 0) abort();
  return text == NULL ? otherwise : atoi(text);
}
int cuDriverGetVersion(int* version) { *version = given("FAKE_VERSION", 12040); return 0; }
int cuGetErrorName(int error, const char** name) {
  *name = error == 46 ? "CUDA_ERROR_DEVICE_UNAVAILABLE" : error == 999 ? "CUDA_ERROR_UNKNOWN" : NULL;
  return *name == NULL;
}
int cuInit(unsigned flags) { ready = 1; return given("FAKE_INIT", 0); }
int cuDeviceGetCount(int* count) { *count = 2; return ready ? 0 : 3; }
int cuDeviceGet(int* device, int i) { *device = 40 + i; return 0; }
int cuDeviceGetName(char* name, int length, int device) { snprintf(name, length, "Card %d", device); return 0; }
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  *value = attribute == 75 ? (device == 40 ? 9 : 8) : attribute == 76 ? (device == 40 ? 0 : 6) : -1;
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) { *bytes = (size_t)(device - 39) << 33; return 0; }
int cuDevicePrimaryCtxRetain(void** context, int device) {
  *context = (void*)(size_t)device;
  return device == 41 ? given("FAKE_CONTEXT", 0) : 0;
}
int cuCtxSetCurrent(void* context) { current = (int)(size_t)context; return 0; }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
  *free = (size_t)current << 28;
  *total = 0;
  return current == 0;
}
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
#ifdef UUID
int UUID(char* uuid, int device) {
  for (int i = 0; i < 16; i++) uuid[i] = (char)(device + 8 * i);
  return 0;
}
#endif
`;

/** The GPUs of the library, as the addon reports them without contexts. */
export const CARDS = [
  { name: 'Card 40', uuid: '28303840-4850-5860-6870-7880889098a0', capability: 9, totalBytes: 2 ** 33 },
  { name: 'Card 41', uuid: '29313941-4951-5961-6971-7981899199a1', capability: 8.6, totalBytes: 2 ** 34 },
] as const;

/**
 * Compiles the library as `libcuda.so.1` in a new temporary folder.
 *
 * @param uuid the name of its function for UUIDs; absent: it has none
 */
export function compileDriver(uuid?: 'cuDeviceGetUuid' | 'cuDeviceGetUuid_v2'): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'kd-cuda-'));
  const [source, file] = [join(folder, 'cuda.c'), join(folder, 'libcuda.so.1')];
  writeFileSync(source, SOURCE);
  const flags = ['-shared', '-fPIC', ...(uuid === undefined ? [] : [`-DUUID=${uuid}`]), '-o', file, source];
  const { status, stderr } = spawnSync('gcc', flags, { encoding: 'utf8' });
  if (status !== 0 || stderr !== '') throw new Error(`gcc: ${stderr}`);
  return { folder, file };
}
