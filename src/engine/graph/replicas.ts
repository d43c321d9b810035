/** @file Replicas of a graph, one for each of several devices, in one session. */
import type { FusedGraph } from './functions.js';
import type { GraphNode, Value } from './graph.js';
import { taskConfig, taskName } from './server.js';
import { openSession, type Feed, type FetchedTensor, type Session } from './session.js';

/** A graph on several devices, each with variables of its own, which compute side by side. */
export interface Replicas {
  /** Each replica alone. */
  readonly sessions: readonly Session[];
  /**
   * All replicas in one run, which collective ops require.
   *
   * @param feeds for each replica
   * @returns the fetched tensors of each replica
   */
  readonly runAll: (feeds: readonly (readonly Feed[])[], fetches: readonly Value[]) => Promise<FetchedTensor[][]>;
  readonly close: () => void;
}

/**
 * Opens a session with a replica of a graph for each device.
 *
 * @param local this process's devices, by TensorFlow's names; with fewer than two, TensorFlow places the one replica
 * @param task this process's rank among several, and the target of its server
 */
export function openReplicas(
  { nodes, functions }: FusedGraph,
  local: readonly string[] = [],
  task?: { readonly rank: number; readonly target: string },
): Replicas {
  const devices = task === undefined ? local : local.map((device) => `${taskName(task.rank)}${device}`);
  if (devices.length < 2 && task === undefined) {
    const session = openSession(nodes, functions);
    return {
      sessions: [session],
      runAll: async ([feeds], fetches) => [await session.run(feeds!, fetches)],
      close: () => {
        session.close();
      },
    };
  }
  const replicas = devices.flatMap((device, i) => replicaOf(nodes, i, device));
  const cpuDevices = devices.filter((device) => device.includes('CPU')).length || undefined;
  const config = task === undefined ? { cpuDevices, placesSoftly: true } : taskConfig(task.rank, cpuDevices);
  const session = openSession(replicas, functions, config, devices.length, task?.target);
  const close = (): void => {
    session.close();
  };
  const feedsAt = (replica: number, feeds: readonly Feed[]): Feed[] =>
    feeds.map(([input, data]) => [at(replica, input), data]);
  return {
    sessions: devices.map((_, replica) => ({
      run: (feeds, fetches) =>
        session.run(
          feedsAt(replica, feeds),
          fetches.map((fetch) => at(replica, fetch)),
        ),
      close,
    })),
    async runAll(feeds, fetches) {
      const fetched = await session.run(
        feeds.flatMap((own, replica) => feedsAt(replica, own)),
        feeds.flatMap((_, replica) => fetches.map((fetch) => at(replica, fetch))),
      );
      return feeds.map((_, replica) => fetched.slice(replica * fetches.length, (replica + 1) * fetches.length));
    },
    close,
  };
}

/** All replicas as one session: all get the same feeds, and the first one's tensors are returned. */
export function asOne({ sessions, runAll, close }: Replicas): Session {
  return {
    async run(feeds, fetches) {
      const [first, ...others] = await runAll(
        sessions.map(() => feeds),
        fetches,
      );
      for (const tensor of others.flat()) tensor.release();
      return first!;
    },
    close,
  };
}

const at = <T extends Value>(replica: number, value: T): T => ({ ...value, name: nameIn(replica, value.name) });

/** A copy of the nodes for one device, with names and variables of its own. */
function replicaOf(nodes: readonly GraphNode[], replica: number, device: string): GraphNode[] {
  return nodes.map((node) => {
    const { shared_name: shared } = node.attributes;
    return {
      ...node,
      name: nameIn(replica, node.name),
      inputs: node.inputs.map((input) =>
        input.startsWith('^') ? `^${nameIn(replica, input.slice(1))}` : nameIn(replica, input),
      ),
      device,
      attributes:
        shared !== undefined && 'text' in shared
          ? { ...node.attributes, shared_name: { text: nameIn(replica, shared.text) } }
          : node.attributes,
    };
  });
}

const nameIn = (replica: number, name: string): string => `replica${replica}/${name}`;
