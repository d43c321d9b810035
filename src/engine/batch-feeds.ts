/** @file What a recorded step is fed for a batch, and which of its passes computes it. */
import type { Batch } from '../data/batches.js';
import { adamWScalars } from '../distill/adamw.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { padBatch } from './batch-tensors.js';
import type { EngineOptions } from './engine-options.js';
import type { GraphInputs, Pass } from './graph/recorded-step.js';
import type { Feed } from './graph/session.js';
import { arrangeTexts, layoutName, layoutsOf, type TextLayouts } from './text-layouts.js';

/** A batch, ready to be computed. */
export interface FedBatch {
  /** The pass for the layout of the student's texts. */
  readonly pass: Pass;
  readonly feeds: readonly Feed[];
}

/** The nodes that are fed. */
export interface FedGraph {
  readonly inputs: GraphInputs;
  readonly passes: readonly Pass[];
}

/** Makes the feeds of a recorded step. */
export class BatchFeeds {
  readonly #graph: FedGraph;
  readonly #options: EngineOptions;
  readonly #layouts: { readonly step: TextLayouts; readonly evaluation: TextLayouts };

  /** @param length tokens of a full-length text, padding included */
  constructor(graph: FedGraph, student: TextEncoder, options: EngineOptions, length: number) {
    this.#graph = graph;
    this.#options = options;
    this.#layouts = layoutsOf(student, length, options);
  }

  /**
   * A micro-batch of a step.
   *
   * @param pairs of the whole step
   * @param position the index of the micro-batch in the run, for dropout
   */
  microBatch(batch: Batch, pairs: number, position: number): FedBatch {
    const { pass, feeds } = this.#fed(batch, pairs, this.#layouts.step);
    return { pass, feeds: [...feeds, [this.#graph.inputs.position, Int32Array.of(position)]] };
  }

  /** A batch whose losses are computed without dropout. */
  evaluation(batch: Batch): FedBatch {
    return this.#fed(batch, batch.size, this.#layouts.evaluation);
  }

  /** A batch for which only the teacher is computed. */
  teacher(batch: Batch): Feed[] {
    const { teacherIds } = padBatch(batch, this.#options.batchSize, batch.size, false);
    return [[this.#graph.inputs.teacherIds, teacherIds]];
  }

  /**
   * The optimiser's scalars.
   *
   * @param update counts from 1
   */
  scalars(learningRate: number, update: number): Feed[] {
    const { optimizer, weightDecay } = this.#options;
    const scalars = adamWScalars(optimizer, learningRate, weightDecay, update);
    return (['stepSize', 'correction', 'decay'] as const).map((name) => [
      this.#graph.inputs[name],
      Float32Array.of(scalars[name]),
    ]);
  }

  #fed(batch: Batch, pairs: number, layouts: TextLayouts): FedBatch {
    const { inputs, passes } = this.#graph;
    const hasGivenTargets = inputs.target !== undefined;
    const { teacherIds, weights, target } = padBatch(batch, this.#options.batchSize, pairs, hasGivenTargets);
    const { layout, ids, packing } = arrangeTexts(batch, layouts);
    const pass = passes.find((each) => layoutName(each.layout) === layoutName(layout))!;
    const feeds: Feed[] = [
      [pass.texts.ids, ids],
      [inputs.weights, weights],
      hasGivenTargets ? [inputs.target, target!] : [inputs.teacherIds, teacherIds],
    ];
    if (packing !== undefined)
      for (const name of ['texts', 'logCounts', 'places'] as const)
        feeds.push([pass.texts.packing![name], packing[name]]);
    return { pass, feeds };
  }
}
