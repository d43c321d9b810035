/** @file TensorFlow's server in this process, through which devices of several processes sum values. */
import { bytes, integer } from '../../base/protobuf.js';
import { sessionAddon } from '../../tensorflow/session-addon.js';
import { encodeConfig, type SessionConfig } from './session-config.js';

/** TensorFlow's name for the processes of a run, which are the tasks of one job. */
const JOB = 'worker';

/** `/job:worker/replica:0/task:1` */
export const taskName = (rank: number): string => `/job:${JOB}/replica:0/task:${rank}`;

/** The configuration of a process's sessions, which see only its own devices. */
export function taskConfig(rank: number, cpuDevices: number | undefined): SessionConfig {
  return { cpuDevices, placesSoftly: true, tasks: { seen: [`/job:${JOB}/task:${rank}`], leader: taskName(0) } };
}

/** What TensorFlow needs to know about one of a run's processes. */
export interface ServerPlace {
  readonly rank: number;
  /** `host:port` of every process's server, as this process reaches it. */
  readonly addresses: readonly string[];
  /** The only network device on which its server is reachable, since TensorFlow's server obeys anyone. */
  readonly networkDevice: string;
  /** The number of CPU devices. */
  readonly cpuDevices: number | undefined;
}

/**
 * Starts the server of this process. It serves until the process ends.
 *
 * @returns the target of its sessions
 * @throws Error with the name of TensorFlow's status code as `code`, if the port is taken or cannot be bound
 */
export function startServer({ rank, addresses, networkDevice, cpuDevices }: ServerPlace): string {
  const [, port] = /:(\d+)$/.exec(addresses[rank]!)!;
  process.env.no_grpc_proxy ??= addresses.map((address) => address.replace(/:\d+$/, '')).join();
  const definition = encodeServer(addresses, rank, encodeConfig(taskConfig(rank, cpuDevices)));
  return sessionAddon().serve(definition, Number(port), networkDevice);
}

/** `ServerDef` (tensorflow/core/protobuf/tensorflow_server.proto) */
function encodeServer(addresses: readonly string[], rank: number, config: Buffer): Buffer {
  const tasks = addresses.map((address, i) => bytes(2, [integer(1, i), bytes(2, address)]));
  return Buffer.concat([
    bytes(1, bytes(1, [bytes(1, JOB), ...tasks])), // cluster
    bytes(2, JOB),
    integer(3, rank), // task_index
    bytes(4, config), // default_session_config
    bytes(5, 'grpc'),
  ]);
}
