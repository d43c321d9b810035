import { clipText } from './clip-text.js';
import type { TextModelConfig } from './config.js';
import { roberta } from './roberta.js';
import type { TextEncoder } from './text-encoder.js';

/** The model that a configuration describes. */
export function buildTextEncoder(config: TextModelConfig): TextEncoder {
  return config.family === 'clip-text' ? clipText(config) : roberta(config);
}
