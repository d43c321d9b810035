import { describe, expect, it } from 'vitest';
import { whyNoBfloat16, bfloat16Blocker } from '../../src/tensorflow/hardware.js';

const PROCESSORS = {
  avx2: new Set(['avx2']),
  avx512: new Set(['avx2', 'avx512f']),
  bfloat16: new Set(['avx2', 'avx512f', 'avx512_bf16']),
  amx: new Set(['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16']),
};

describe('bfloat16 on a CPU', () => {
  it('lacks instructions on CPUs without them', () => {
    expect(Object.values(PROCESSORS).map((features) => whyNoBfloat16(features, {}))).toEqual([
      'the CPU has no bfloat16 instructions',
      'the CPU has no bfloat16 instructions',
      undefined,
      undefined,
    ]);
  });

  it('does not use them without oneDNN', () => {
    expect(whyNoBfloat16(PROCESSORS.amx, { TF_ENABLE_ONEDNN_OPTS: '0' })).toBe('TF_ENABLE_ONEDNN_OPTS=0');
    expect(whyNoBfloat16(PROCESSORS.amx, { TF_ENABLE_ONEDNN_OPTS: '1' })).toBeUndefined();
  });

  it.each([
    ['AVX2', false],
    ['avx512_core_vnni', false],
    ['AVX512_CORE_BF16', true],
    ['DEFAULT', true],
  ])('with oneDNN limited to %s: %s', (limit, expected) => {
    for (const name of ['ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA'])
      expect(whyNoBfloat16(PROCESSORS.amx, { [name]: limit })).toBe(expected ? undefined : `${name}=${limit}`);
  });

  it('is not available if TensorFlow would ask oneDNN for a disabled kernel', () => {
    const limited = { ONEDNN_MAX_CPU_ISA: 'avx2' };
    expect(bfloat16Blocker(PROCESSORS.amx, limited)).toBe('ONEDNN_MAX_CPU_ISA=avx2');
    expect(bfloat16Blocker(PROCESSORS.avx512, { DNNL_MAX_CPU_ISA: 'AVX' })).toBe('DNNL_MAX_CPU_ISA=AVX');
    expect(bfloat16Blocker(PROCESSORS.avx2, limited)).toBeUndefined(); // TensorFlow computes it without oneDNN there
    expect(bfloat16Blocker(PROCESSORS.amx, { ...limited, TF_ENABLE_ONEDNN_OPTS: '0' })).toBeUndefined();
    expect(bfloat16Blocker(PROCESSORS.amx, { ONEDNN_MAX_CPU_ISA: 'AVX512_CORE' })).toBeUndefined();
    expect(bfloat16Blocker(PROCESSORS.amx, {})).toBeUndefined();
  });
});
