/** Model folders at the published models' size, for runs whose numbers do not matter. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `config.json` of `openai/clip-vit-large-patch14`'s text model and of `klue/roberta-small`. */
const CONFIGS = {
  teacher: {
    model_type: 'clip_text_model',
    vocab_size: 49408,
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    max_position_embeddings: 77,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    attention_dropout: 0,
    initializer_range: 0.02,
    eos_token_id: 2,
  },
  student: {
    model_type: 'roberta',
    vocab_size: 32000,
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 6,
    num_attention_heads: 12,
    max_position_embeddings: 514,
    type_vocab_size: 1,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    initializer_range: 0.02,
    pad_token_id: 1,
  },
};

/**
 * Writes `teacher` and `student` into a folder: configurations, and the small tokenizers, whose ids the large
 * vocabularies hold too. There are no weights: `kd train --random-weights` draws them.
 *
 * @param {string} folder
 */
export function writeModelFolders(folder) {
  for (const [role, config] of Object.entries(CONFIGS)) {
    const tiny = fileURLToPath(new URL(`../../data/tiny/${role}`, import.meta.url));
    mkdirSync(join(folder, role), { recursive: true });
    writeFileSync(join(folder, role, 'config.json'), JSON.stringify(config));
    for (const name of readdirSync(tiny).filter((file) => /token|vocab/.test(file)))
      cpSync(join(tiny, name), join(folder, role, name));
  }
}
