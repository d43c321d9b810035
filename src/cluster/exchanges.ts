/** @file Exchanges, as rank 0 collects them: every rank gives a text and gets the texts of all. */
import { deferred } from '../base/deferred.js';
import type { Message } from './channel.js';
import type { Gathered } from './link.js';

/** A rank's text for a numbered exchange. */
export type Given = Omit<Extract<Message, { type: 'given' }>, 'type'>;

/** An exchange for which some ranks have not given a text yet. */
interface Exchange {
  readonly topic: string;
  readonly texts: string[];
  given: number;
  stop: boolean;
  readonly settle: (gathered: Gathered) => void;
  readonly gathered: Promise<Gathered>;
}

/** The exchanges of a run. */
export interface Exchanges {
  /** Takes a rank's text; resolves to the texts of all ranks, once all have given theirs. */
  take(rank: number, given: Given): Promise<Gathered>;
}

/** Callbacks for exchanges. */
export interface ExchangeEvents {
  /** All ranks have given their texts for this exchange. */
  readonly onComplete: (exchange: number, gathered: Gathered) => void;
  /** A rank gave a text about a different topic than the ranks before it. */
  readonly onMismatch: (rank: number, expected: string, got: string) => void;
}

/**
 * Collects the texts of all ranks.
 *
 * @param count the number of ranks
 */
export function collectExchanges(count: number, { onComplete, onMismatch }: ExchangeEvents): Exchanges {
  const open = new Map<number, Exchange>();
  return {
    take(rank, { exchange: number, topic, text, stop }) {
      const exchange = open.get(number) ?? begin(topic);
      open.set(number, exchange);
      if (exchange.topic !== topic) onMismatch(rank, exchange.topic, topic);
      exchange.texts[rank] = text;
      exchange.given++;
      exchange.stop ||= stop;
      if (exchange.given === count) {
        open.delete(number);
        const gathered = { texts: exchange.texts, stop: exchange.stop };
        onComplete(number, gathered);
        exchange.settle(gathered);
      }
      return exchange.gathered;
    },
  };

  function begin(topic: string): Exchange {
    const { promise, resolve } = deferred<Gathered>();
    const texts = Array.from({ length: count }, () => '');
    return { topic, texts, given: 0, stop: false, settle: resolve, gathered: promise };
  }
}
