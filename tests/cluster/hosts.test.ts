/** @file Which processes share out a run: what flags, `TF_CONFIG` and Slurm's variables say. */
import { describe, expect, it } from 'vitest';
import { addressText } from '../../src/cluster/addresses.js';
import { findHosts, type HostFlags } from '../../src/cluster/hosts.js';
import { openNetwork } from '../../src/cluster/open-network.js';

/** The addresses and the rank that are found. */
const onRefused = (): void => undefined;

function found(flags: HostFlags, env: NodeJS.ProcessEnv = {}): [string[], number] | undefined {
  const hosts = findHosts(flags, env);
  return hosts && [hosts.addresses.map(addressText), hosts.rank];
}

const tfConfig = (cluster: object, type: string, index: number | string): NodeJS.ProcessEnv => ({
  TF_CONFIG: JSON.stringify({ cluster, task: { type, index } }),
});

describe('the processes of a run', () => {
  it('are none without a description', () => {
    expect(found({})).toBeUndefined();
    expect(found({}, { TF_CONFIG: '' })).toBeUndefined();
    expect(found({}, tfConfig({ worker: ['a:1'] }, 'worker', 0))).toBeUndefined();
    expect(found({}, { SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0' })).toBeUndefined();
  });

  it('come from the flags before anything else', () => {
    expect(found({ hosts: 'a:2222, [::1]:2223', rank: 1 }, tfConfig({ worker: ['c:1', 'd:1'] }, 'worker', 0))).toEqual([
      ['a:2222', '[::1]:2223'],
      1,
    ]);
  });

  it('come from the tasks of TF_CONFIG, chief first', () => {
    const cluster = { worker: ['w0:2222', 'w1:2222'], chief: ['c:2222'] };
    expect(found({}, tfConfig(cluster, 'chief', 0))).toEqual([['c:2222', 'w0:2222', 'w1:2222'], 0]);
    expect(found({}, tfConfig(cluster, 'worker', '1'))).toEqual([['c:2222', 'w0:2222', 'w1:2222'], 2]);
  });

  it("come from the tasks of Slurm's job step", () => {
    const env = {
      SLURM_STEP_NUM_TASKS: '6',
      SLURM_PROCID: '4',
      SLURM_STEP_NODELIST: 'login,gpu[08-10].local',
      SLURM_STEP_TASKS_PER_NODE: '1(x2),2(x2)',
      SLURM_JOB_ID: '10007',
    };
    expect(found({}, env)).toEqual([
      [
        'login:20007',
        'gpu08.local:20007',
        'gpu09.local:20007',
        'gpu09.local:20008',
        'gpu10.local:20007',
        'gpu10.local:20008',
      ],
      4,
    ]);
    expect(() => found({}, { ...env, SLURM_STEP_NODELIST: 'a' })).toThrow(
      'Slurm: expected 6 tasks in SLURM_STEP_NODELIST and SLURM_STEP_TASKS_PER_NODE, and this one in SLURM_PROCID, ' +
        'got 1 and 4; describe them by --hosts and --rank',
    );
  });

  it.each([
    [{ rank: 0 }, {}, '--rank 0: expected --hosts, too'],
    [{ hosts: 'a:1,b:1' }, {}, '--hosts a:1,b:1: expected --rank, too, from 0 to 1'],
    [{ hosts: 'a:1,b:1', rank: 2 }, {}, '--rank 2: expected a rank from 0 to 1, as --hosts names 2'],
    [{ hosts: 'a:1,b', rank: 0 }, {}, '--hosts: expected addresses as host:port, got "b"'],
    [{ hosts: 'a:1,b:65536', rank: 0 }, {}, '--hosts: expected addresses as host:port, got "b:65536"'],
    [{ hosts: 'a:1,a:1', rank: 0 }, {}, '--hosts: expected a different address for each rank, got a:1 twice'],
    [{}, { TF_CONFIG: '{"cluster": 1}' }, 'TF_CONFIG: expected an object, got 1 (cluster)'],
    [{}, tfConfig({ worker: ['a:1'], ps: ['b:1'] }, 'worker', 0), 'TF_CONFIG: expected workers alone'],
    [{}, tfConfig({ worker: ['a:1', 'b:1'] }, 'evaluator', 0), 'TF_CONFIG: expected the task "evaluator" 0 to be one'],
  ])('described as %j and %j are refused', (flags, env, message) => {
    expect(() => found(flags, env)).toThrow(message);
  });

  it.each(['10.0.0.1', 'a', '0.0.0.0', '::', '127.evil.example'])('are refused on another machine, %s', (host) => {
    const addresses = [
      { host: '127.0.0.1', port: 1 },
      { host, port: 2 },
    ];
    expect(() => openNetwork({ addresses, rank: 0 }, { onRefused })).toThrow(
      /^\S+:2: expected --cluster-key <file> \(or KD_CLUSTER_KEY\) .*, or --interface <name>/,
    );
    expect(openNetwork({ addresses, rank: 0 }, { onRefused, networkDevice: 'lo' }).device).toBe('lo');
    expect(openNetwork({ addresses, rank: 0 }, { onRefused, key: Buffer.alloc(32) }).device).toBe('lo');
  });

  it('are refused on an unknown network device, and with both a key and a device', () => {
    const addresses = [
      { host: '127.0.0.1', port: 1 },
      { host: '127.0.0.1', port: 2 },
    ];
    const open = (door: object) => () => openNetwork({ addresses, rank: 0 }, { onRefused, ...door });
    expect(open({ networkDevice: 'eth77' })).toThrow(
      /^--interface eth77: expected one of this machine's network interfaces that are up: .*\blo\b/,
    );
    expect(open({ networkDevice: 'lo', key: Buffer.alloc(32) })).toThrow('--interface lo: expected no key with it');
  });
});
