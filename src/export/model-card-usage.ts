/** @file The usage section of a model card: how to load an export in Python and JavaScript. */
import { isProjection } from '../models/projection.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { CardContents } from './card-contents.js';

const block = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\``;

/** The usage section of a model card. */
export function usageOf(contents: CardContents): string {
  const examples = { transformers, diffusers, onnx }[contents.format](contents);
  return ['## Use', ...examples].join('\n\n');
}

/** A double-quoted string, valid in both Python and JavaScript. */
const quoted = (text: string): string => JSON.stringify(text);

const TEXTS = '["노란색 차", "a yellow car"]';

function transformers({ name, encoder }: CardContents): string[] {
  const lines = [
    'import torch',
    'from transformers import AutoModel, AutoTokenizer',
    '',
    `folder = ${quoted(name)}  # this folder, or its id on the hub`,
    'tokenizer = AutoTokenizer.from_pretrained(folder)',
    'model = AutoModel.from_pretrained(folder).eval()',
    `ids = tokenizer(${TEXTS}, padding="max_length", truncation=True, return_tensors="pt").input_ids`,
    'with torch.no_grad():',
    `    hidden = model(input_ids=ids).last_hidden_state  # [2, ${MAX_LENGTH}, ${encoder.config.hiddenSize}]`,
  ];
  const example = block('python', lines.join('\n'));
  const sentences = [sentenceTransformers(name), sentenceNote];
  if (!Object.keys(encoder.shapes).some(isProjection)) return [example, tokenizerNote, ...sentences];
  const projection = [
    'from pathlib import Path',
    'from safetensors.torch import load_file',
    '',
    `projection = torch.nn.Linear(${encoder.config.hiddenSize}, ${encoder.width})`,
    'projection.load_state_dict(load_file(Path(folder) / "projection.safetensors"))',
    'with torch.no_grad():',
    `    embeddings = projection(hidden)  # [2, ${MAX_LENGTH}, ${encoder.width}]`,
  ];
  const note =
    `Its last layer, a linear projection to width ${encoder.width}, is not part of the architecture and ` +
    'is in a file of its own:';
  return [example, note, block('python', projection.join('\n')), tokenizerNote, ...sentences];
}

const tokenizerNote =
  'The tokenizer gives ids alone, so that `model(**tokenizer(…))` does not bring an attention mask along: the ' +
  'model was trained without one, and gives other values with it.';

/** Usage with sentence-transformers, which gives mean hidden states. */
function sentenceTransformers(name: string): string {
  const lines = [
    'from sentence_transformers import SentenceTransformer',
    '',
    `vectors = SentenceTransformer(${JSON.stringify(name)}).encode(${TEXTS})`,
  ];
  return block('py', lines.join('\n'));
}

const sentenceNote =
  'sentence-transformers 6 gives the mean of the hidden states over all 77 tokens, whatever else is in the ' +
  'batch; older versions cannot pad to a length, and refuse the configuration.';

function diffusers({ name, architecture, tokenizer }: CardContents): string[] {
  const lines = [
    'from diffusers import StableDiffusionPipeline',
    `from transformers import ${architecture}, ${tokenizer}`,
    '',
    `folder = ${quoted(name)}  # this folder, or its id on the hub`,
    'pipeline = StableDiffusionPipeline.from_pretrained(',
    '    "CompVis/stable-diffusion-v1-4",',
    `    text_encoder=${architecture}.from_pretrained(folder, subfolder="text_encoder"),`,
    `    tokenizer=${tokenizer}.from_pretrained(folder, subfolder="tokenizer"),`,
    ')',
    'pipeline("노란색 차", num_inference_steps=25).images[0].save("car.png")',
  ];
  return [
    block('python', lines.join('\n')),
    `Or put both folders in place of a pipeline's own, with \`"text_encoder": ["transformers", ` +
      `"${architecture}"]\` and \`"tokenizer": ["transformers", "${tokenizer}"]\` in its \`model_index.json\`. ` +
      `The pipeline must have been made for the teacher's embeddings.`,
  ];
}

function onnx({ name, encoder }: CardContents): string[] {
  const script = [
    "import { AutoModel, AutoTokenizer, env } from '@xenova/transformers';",
    '',
    "env.localModelPath = '.'; // where the folder is; not needed for an id on the hub",
    `const folder = ${quoted(name)};`,
    'const tokenizer = await AutoTokenizer.from_pretrained(folder);',
    'const model = await AutoModel.from_pretrained(folder, { quantized: false });',
    `const { input_ids } = tokenizer(['노란색 차', 'a yellow car'], { padding: 'max_length', truncation: true, ` +
      `max_length: ${MAX_LENGTH} });`,
    `const { last_hidden_state } = await model({ input_ids }); // [2, ${MAX_LENGTH}, ${encoder.width}]`,
  ];
  const python = [
    'import onnxruntime',
    'from transformers import AutoTokenizer',
    '',
    `folder = ${quoted(name)}`,
    'tokenizer = AutoTokenizer.from_pretrained(folder)',
    'session = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx")',
    `ids = tokenizer(${TEXTS}, padding="max_length", truncation=True, return_tensors="np").input_ids`,
    `hidden, pooled = session.run(None, {"input_ids": ids.astype("int64")})  # [2, ${MAX_LENGTH}, ` +
      `${encoder.width}], [2, ${encoder.width}]`,
  ];
  const note =
    `The graph has no \`attention_mask\` among its inputs: \`@xenova/transformers\` leaves out the one ` +
    `that its tokenizer gives, so that it has no effect. Texts of over ${MAX_LENGTH} tokens lose their closing ` +
    `token in \`@xenova/transformers\` 2, and so get other embeddings than here and in Python.`;
  return ['In JavaScript:', block('js', script.join('\n')), 'In Python:', block('python', python.join('\n')), note];
}
