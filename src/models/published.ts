import type { BertConfig, ClipTextConfig, TextModelConfig } from './config.js';

/** `openai/clip-vit-large-patch14`, text model: 123,060,480 parameters. */
export function clipVitLargePatch14Text(): ClipTextConfig {
  return {
    family: 'clip-text',
    vocabSize: 49408,
    hiddenSize: 768,
    intermediateSize: 3072,
    numHiddenLayers: 12,
    numAttentionHeads: 12,
    maxPositionEmbeddings: 77,
    hiddenAct: 'quick_gelu',
    layerNormEps: 1e-5,
    attentionDropout: 0,
    initializerRange: 0.02,
    eosTokenId: 2, // from its config.json; means the highest id, 49407
  };
}

/** `openai/clip-vit-base-patch32` and `-patch16`, text model: 63,165,952 parameters. */
function clipVitBaseText(): ClipTextConfig {
  return { ...clipVitLargePatch14Text(), hiddenSize: 512, intermediateSize: 2048, numAttentionHeads: 8 };
}

/** `klue/roberta-small`: 68,090,880 parameters, pooler included. */
export function klueRobertaSmall(): BertConfig {
  return {
    family: 'roberta',
    vocabSize: 32000,
    hiddenSize: 768,
    intermediateSize: 3072,
    numHiddenLayers: 6,
    numAttentionHeads: 12,
    maxPositionEmbeddings: 514,
    typeVocabSize: 1,
    hiddenAct: 'gelu',
    layerNormEps: 1e-5,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    initializerRange: 0.02,
    padTokenId: 1,
  };
}

/** `klue/roberta-base`: 110,618,112 parameters, pooler included. */
function klueRobertaBase(): BertConfig {
  return { ...klueRobertaSmall(), numHiddenLayers: 12 };
}

/** Configurations known without a download, by hub id. */
export const PUBLISHED: Readonly<Record<string, () => TextModelConfig>> = {
  'openai/clip-vit-large-patch14': clipVitLargePatch14Text,
  'openai/clip-vit-base-patch32': clipVitBaseText,
  'openai/clip-vit-base-patch16': clipVitBaseText,
  'klue/roberta-small': klueRobertaSmall,
  'klue/roberta-base': klueRobertaBase,
};
