/** @file Connects this process to the others that share a run's steps. */
import * as v from 'valibot';
import { freePort } from '../cluster/network.js';
import type { Ranks } from '../cluster/ranks.js';
import { roundTrip } from '../cluster/round-trip.js';
import type { Engine, InitialEngineState } from '../distill/engine.js';
import type { ProcessGroup } from '../engine/engine-options.js';
import { startServer } from '../engine/graph/server.js';
import { InputError, messageOf } from '../base/errors.js';
import { checkJson, listOf, text } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import { startEngine } from './engine-choice.js';
import type { DeviceRange, EngineParts } from './engine-parts.js';

/** The devices of all processes, and their kind. */
export interface GroupDevices {
  readonly device: 'cpu' | 'gpu';
  /** How many devices all processes have. */
  readonly devices: number;
  readonly deviceRange: DeviceRange;
}

/** A group of processes that have reached each other. */
export interface OpenGroup {
  readonly group: ProcessGroup;
  /** Round-trip seconds from every rank to every other; 0 to itself. */
  readonly roundTrips: readonly (readonly number[])[];
}

/**
 * Starts TensorFlow's servers on all ranks, and checks that each rank reaches all others.
 *
 * @throws InputError, on all ranks, naming a rank that another does not reach; LostRankError
 */
export async function openGroup(ranks: Ranks, { device, devices, deviceRange }: GroupDevices): Promise<OpenGroup> {
  const { network, rank, timeout } = ranks;
  const addresses = await network.openRoutes(await freePort(), (topic, text) => ranks.gather(topic, text));
  const target = serverAt({
    rank,
    addresses,
    networkDevice: network.device,
    cpuDevices: device === 'cpu' ? deviceRange.count : undefined,
  });
  await ranks.gather('servers', ''); // all servers are running
  const roundTrips = await reachAll(ranks, addresses);
  const gather: ProcessGroup['gather'] = (topic, text) => ranks.gather(topic, text);
  return { group: { rank, devices, deviceOffset: deviceRange.offset, target, timeout, gather }, roundTrips };
}

function serverAt(place: Parameters<typeof startServer>[0]): string {
  try {
    return startServer(place);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${place.addresses[place.rank]}: expected TensorFlow to serve there, got ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** The most seconds that TensorFlow's server, which is already listening, may take to answer. */
const ANSWER_TIMEOUT = 20;

/** For each rank: the round-trip seconds from this rank, or why it cannot be reached. */
const REACHED = listOf(v.union([v.number(), text]));

/** Checks, on all ranks at once, that every rank reaches all other servers: TensorFlow itself would wait forever. */
async function reachAll(ranks: Ranks, addresses: readonly string[]): Promise<number[][]> {
  const limit = 1000 * Math.min(ANSWER_TIMEOUT, ranks.timeout);
  const reach = async (address: string, other: number): Promise<number | string> =>
    other === ranks.rank ? 0 : roundTrip(address, limit).catch(messageOf);
  const own = await Promise.all(addresses.map(reach));
  const told = await ranks.gather('reach', JSON.stringify(own));
  return told.map((line, from) => {
    const where = ranks.nameOf(from);
    return checkJson(REACHED, parseJson(line, where), where, '').map((reached, to) => {
      if (typeof reached === 'number') return reached;
      throw new InputError(
        `${where}: expected to reach TensorFlow on ${ranks.nameOf(to)}, got ${reached}; ` +
          "make every rank's host reachable from all others",
      );
    });
  });
}

/**
 * Puts both models on this process's engine, starting all ranks from the same state.
 *
 * @param initial the state of a resumed run
 * @throws as `startEngine` and `openGroup`
 */
export async function startSharedEngine(
  parts: EngineParts,
  ranks: Ranks,
  initial?: InitialEngineState,
): Promise<Engine> {
  const { device, devices = 1 } = parts.engine;
  const { group } = await ranks.unlessLost(openGroup(ranks, { device, devices, deviceRange: parts.deviceRange! }));
  return withRanks(await ranks.orLost(startEngine(parts, initial, 'computed', group)), ranks);
}

/** An engine that fails as soon as another process is lost, where its computation would wait forever. */
function withRanks(engine: Engine, ranks: Ranks): Engine {
  return {
    ...engine,
    step: (...args) => ranks.orLost(engine.step(...args)),
    evaluate: (...args) => ranks.orLost(engine.evaluate(...args)),
  };
}
