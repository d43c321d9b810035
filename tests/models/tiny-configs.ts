/** @file Configurations of tiny models, for tests that build them with random weights. */
import type { BertConfig, ClipTextConfig } from '../../src/models/config.js';

const SIZES = {
  vocabSize: 50,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 24,
  layerNormEps: 1e-5,
  initializerRange: 0.02,
} as const;

export const TINY_ROBERTA: BertConfig = {
  ...SIZES,
  family: 'roberta',
  typeVocabSize: 1,
  hiddenAct: 'gelu',
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  padTokenId: 1,
};

export const TINY_CLIP: ClipTextConfig = {
  ...SIZES,
  family: 'clip-text',
  hiddenAct: 'quick_gelu',
  attentionDropout: 0,
  eosTokenId: 2,
};
