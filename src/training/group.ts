/** @file This process's part in the steps that several take together. */
import { freePort } from '../cluster/network.js';
import type { Ranks } from '../cluster/ranks.js';
import type { Engine, EngineStart, ProcessGroup } from '../distill/engine.js';
import { startServer } from '../engine/graph/server.js';
import { InputError, messageOf } from '../base/errors.js';
import { startEngine } from './engine-choice.js';
import type { EngineParts } from './engine-parts.js';

/** Starts TensorFlow's servers, on all ranks. */
async function openGroup(
  ranks: Ranks,
  { engine: { devices = 1, device }, place }: Pick<EngineParts, 'engine' | 'place'>,
): Promise<ProcessGroup> {
  const { network, rank, timeout } = ranks;
  const { before, own } = place!;
  const addresses = await network.openWays(await freePort(), (topic, text) => ranks.gather(topic, text));
  const target = serverAt({
    rank,
    addresses,
    networkDevice: network.device,
    processors: device === 'cpu' ? own : undefined,
  });
  await ranks.gather('servers', ''); // all are there
  return { rank, devices, before, target, timeout, gather: (topic, text) => ranks.gather(topic, text) };
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

/**
 * Puts both models on the engine of this process, and has all ranks begin alike.
 *
 * @param start of a resumed run
 * @throws as `startEngine`; LostRank
 */
export async function startSharedEngine(parts: EngineParts, ranks: Ranks, start?: EngineStart): Promise<Engine> {
  const group = await openGroup(ranks, parts);
  return withRanks(await ranks.orLost(startEngine(parts, start, 'computed', group)), ranks);
}

/** The engine, which fails as soon as another process is lost: what it computes would wait for that for ever. */
function withRanks(engine: Engine, ranks: Ranks): Engine {
  return {
    ...engine,
    step: (...args) => ranks.orLost(engine.step(...args)),
    evaluate: (...args) => ranks.orLost(engine.evaluate(...args)),
  };
}
