/**
 * @file Which of transformers' tokenizer classes reads a folder, by the rules of `AutoTokenizer` in transformers 5.24:
 *
 * | `tokenizer_class`, in `tokenizer_config.json`, else in `config.json` | `model_type` in `config.json` | class |
 * | --- | --- | --- |
 * | none | has a class | that class |
 * | none | none, or has no class | `TokenizersBackend` |
 * | a class | any | that class |
 * | a name unknown to transformers | any | `TokenizersBackend` |
 * | any | one of those with a wrong class on the hub | `TokenizersBackend` |
 *
 * `…Fast` at the end of a class's name is nothing to it. `TokenizersBackend` (`PreTrainedTokenizerFast` up to version
 * 4) takes a `tokenizer.json` as it stands. The other classes take only vocabulary, merges and added tokens from it,
 * and bring their own normalizer, pre-tokenizer and special tokens along.
 */
import path from 'node:path';
import { InputError } from '../base/errors.js';
import { describe, type JsonObject } from '../base/json-schema.js';

/** The transformers classes that kd can stand in for. */
export type TokenizerClass =
  | 'CLIPTokenizer'
  | 'BertTokenizer'
  | 'RobertaTokenizer'
  | 'XLMRobertaTokenizer'
  | 'CamembertTokenizer'
  | 'TokenizersBackend';

/** Class names, without `Fast`, that are equivalent to one of these for a text encoder's files. */
const CLASSES = new Map<string, TokenizerClass>([
  ['CLIPTokenizer', 'CLIPTokenizer'],
  ['BertTokenizer', 'BertTokenizer'],
  ['DistilBertTokenizer', 'BertTokenizer'],
  ['ElectraTokenizer', 'BertTokenizer'],
  ['MobileBertTokenizer', 'BertTokenizer'],
  ['SqueezeBertTokenizer', 'BertTokenizer'],
  ['RobertaTokenizer', 'RobertaTokenizer'],
  ['BartTokenizer', 'RobertaTokenizer'],
  ['LongformerTokenizer', 'RobertaTokenizer'],
  ['XLMRobertaTokenizer', 'XLMRobertaTokenizer'],
  ['CamembertTokenizer', 'CamembertTokenizer'],
  ['TokenizersBackend', 'TokenizersBackend'],
  ['PreTrainedTokenizer', 'TokenizersBackend'],
  ['PreTrainedTokenizerFast', 'TokenizersBackend'],
]);

const list = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** Transformers classes that kd cannot stand in for, without the suffix `Tokenizer`. */
const OTHER_CLASSES = list(
  'Albert Barthez Bartpho BertGeneration BertJapanese Bertweet BigBird BioGpt Blenderbot BlenderbotSmall ByT5 ' +
    'CTRL Canine Clvp CodeGen CodeLlama Cohere ConvBert Cpm CpmAnt DPRContextEncoder DPRQuestionEncoder ' +
    'DPRReader Deberta DebertaV2 Dia Esm Esmc FNet FSMT FastSpeech2Conformer Flaubert Funnel GPT2 GPTNeoX ' +
    'GPTNeoXJapanese GPTSw3 Gemma Herbert Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Llama Luke M2M100 MBart MBart50 ' +
    'MLuke MPNet Marian MarkupLM Mgpstr MyT5 Nllb Nougat OpenAIGPT PLBart Parakeet Pegasus Perceiver Phobert ' +
    'Pop2Piano ProphetNet Qwen2 Qwen3_5 Rag Reformer RemBert RoCBert RoFormer SeamlessM4T Siglip Siglip2 ' +
    'Speech2Text SpeechT5 Splinter T5 Tapas Tipsv2 Udop VideoPrism Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC Whisper XGLM ' +
    'XLM XLNet',
);

/** Model types for which transformers registers one of these classes. */
const MODEL_TYPES: readonly (readonly [TokenizerClass, ReadonlySet<string>])[] = [
  ['CLIPTokenizer', list('aimv2 clip clipseg groupvit omdet-turbo oneformer owlv2 owlvit sam3 sam3_video xclip')],
  [
    'BertTokenizer',
    list(
      'align bark bert blip bros chinese_clip convbert distilbert electra ernie flava git grounding-dino layoutlm ' +
        'megatron-bert mm-grounding-dino nezha nomic_bert qdqbert realm retribert squeezebert tvp vilt visual_bert',
    ),
  ],
  [
    'RobertaTokenizer',
    list('bart bridgetower clap data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm'),
  ],
  ['XLMRobertaTokenizer', list('gte jina_embeddings_v3 metaclip_2 trocr xlm-roberta xmod')],
  ['CamembertTokenizer', list('camembert')],
  ['TokenizersBackend', list('modernbert modernbert-decoder nystromformer xlm-roberta-xl camembertv2-base')],
];

/** The class and whether a file names it; if not, the kind of vocabulary may decide. */
export interface ClassChoice {
  readonly name: TokenizerClass;
  readonly named: boolean;
}

/**
 * The class that transformers would use.
 *
 * @param settings the contents of `tokenizer_config.json`
 * @param config the contents of the model's `config.json`
 * @throws InputError for a class that is not one of these six
 */
export function tokenizerClassOf(folder: string, settings: JsonObject, config: JsonObject): ClassChoice {
  const [file, hubName] = hubNameOf(folder, settings, config);
  if (hubName !== undefined && typeof hubName !== 'string') {
    throw new InputError(`${file}: expected text for tokenizer_class, got ${describe(hubName)}; get the file again`);
  }
  refuseRemoteCode(folder, settings, hubName);
  const registered = MODEL_TYPES.find(([, types]) => types.has(String(config.model_type)))?.[0];
  if (hubName === undefined && settings.tokenizer_class === '') return { name: 'TokenizersBackend', named: true };
  if (hubName === undefined) return { name: registered ?? 'TokenizersBackend', named: registered !== undefined };
  if (registered === 'TokenizersBackend') return { name: registered, named: true };
  const name = classByName(hubName, file);
  if (name === undefined && registered === undefined && file.endsWith(`${path.sep}config.json`)) {
    throw unknownClass(file, hubName); // transformers crashes here
  }
  return { name: name ?? 'TokenizersBackend', named: true };
}

/** The first class name and the file that has it. Like Python, this skips empty values. */
function hubNameOf(folder: string, settings: JsonObject, config: JsonObject): readonly [file: string, name: unknown] {
  const isNamed = (name: unknown) => name !== undefined && name !== null && name !== '';
  if (isNamed(settings.tokenizer_class)) return [path.join(folder, 'tokenizer_config.json'), settings.tokenizer_class];
  const name = isNamed(config.tokenizer_class) ? config.tokenizer_class : undefined;
  return [path.join(folder, 'config.json'), name];
}

function classByName(name: string, file: string): TokenizerClass | undefined {
  const base = name.replace(/Fast$/, '');
  if (OTHER_CLASSES.has(base.replace(/Tokenizer$/, ''))) throw unknownClass(file, name);
  return CLASSES.get(base);
}

function unknownClass(file: string, name: string): InputError {
  return new InputError(
    `${file}: expected a tokenizer_class of CLIP, BERT, RoBERTa, XLM-RoBERTa or CamemBERT, or ` +
      `PreTrainedTokenizerFast, got ${name}; use a checkpoint with one of them`,
  );
}

/** Rejects a tokenizer that comes with its own code, which transformers only runs on request and kd never does. */
function refuseRemoteCode(folder: string, { auto_map: map }: JsonObject, hubName: string | undefined): void {
  if (
    map === undefined ||
    (typeof map === 'object' && map !== null && hubName !== undefined && CLASSES.has(hubName.replace(/Fast$/, '')))
  )
    return;
  if (!Array.isArray(map) && typeof map === 'object' && map !== null && !Object.hasOwn(map, 'AutoTokenizer')) return;
  throw new InputError(
    `${path.join(folder, 'tokenizer_config.json')}: expected a tokenizer of transformers' own, got one that comes ` +
      'with code (auto_map); use another checkpoint',
  );
}
