/** @file Exchanges, as the first rank collects them: every rank gives a text, and gets the texts of all. */
import { deferred } from '../base/deferred.js';
import type { Message } from './channel.js';
import type { Gathered } from './link.js';

/** A rank's text for the exchange with a number. */
export type Given = Omit<Extract<Message, { type: 'given' }>, 'type'>;

/** An exchange that not all ranks have given a text for. */
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
  /** Takes a rank's text; gives those of all, once all have given theirs. */
  take(rank: number, given: Given): Promise<Gathered>;
}

/** What exchanges tell of. */
export interface ExchangeEvents {
  /** All ranks have given their texts for the exchange with this number. */
  readonly onComplete: (exchange: number, gathered: Gathered) => void;
  /** A rank gave a text about another topic than the ranks before it. */
  readonly onMismatch: (rank: number, expected: string, got: string) => void;
}

/** @param count how many ranks take part */
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
