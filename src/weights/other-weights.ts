/** @file Weight files that kd does not read, and what to do with each. */
import { basename } from 'node:path/posix';
import { shown } from './wording.js';

const loadAndSave = (library: string, option: string): string =>
  `load it in ${library} with AutoModel.from_pretrained("…"${option}) and save it with save_pretrained("…")`;
const withTransformers4 = (option: string): string => loadAndSave('transformers 4', `, ${option}=True`);

/** Kinds of files by name, the likeliest first, and what to do about the first file of a kind. */
const KINDS: readonly (readonly [name: RegExp, remedy: (name: string) => string])[] = [
  [
    /^adapter_model\.(?:safetensors|bin)$/,
    () => 'merge the adapter into its base model with merge_and_unload() of PEFT',
  ],
  [
    /(?:^model\.safetensors\.index\.\w+\.json|-\d+-of-\d+\.safetensors)$/,
    (name) => {
      const variant = /\.(?!index|safetensors)(\w+)(?:-\d|\.json)/.exec(name)?.[1];
      return loadAndSave('transformers', variant === undefined ? '' : `, variant="${variant}"`);
    },
  ],
  [/\.safetensors$/, (name) => `if it is the whole model, rename ${shown(name)} to model.safetensors`],
  [/^pytorch_model\.\w+\.bin$/, (name) => `rename ${shown(name)} to pytorch_model.bin`],
  [/^tf_model.*\.h5$/, () => withTransformers4('from_tf')],
  [/^flax_model.*\.msgpack$/, () => withTransformers4('from_flax')],
  [
    /\.(?:pt|pth|ckpt)$/,
    (name) => `load ${shown(name)} in PyTorch and save the state dict with safetensors.torch as model.safetensors`,
  ],
  [
    /\.(?:onnx|gguf|h5|keras|msgpack|tflite|ot)$|\.ckpt\.(?:index|meta|data-.*)$/,
    () => 'take the model from which it was converted',
  ],
  [/^openvino_model\.(?:xml|bin)$/, () => 'take the model from which it was converted'],
  [/\.bin$/, (name) => `if it is the whole model's state dict, rename ${shown(name)} to pytorch_model.bin`],
];

/** Files of a training run, which are no weights. */
const NO_WEIGHTS = /^(?:training_args|optimizer|scheduler|rng_state.*)\.(?:bin|pt|pth)$/;

/** The weights among a model's files that kd does not read, and what to do; undefined if there are none. */
export function otherWeights(names: Iterable<string>): { readonly name: string; readonly remedy: string } | undefined {
  const files = [...names].filter((name) => !NO_WEIGHTS.test(basename(name))).sort();
  for (const [pattern, remedy] of KINDS) {
    const name = files.find((file) => pattern.test(basename(file)));
    if (name !== undefined) return { name, remedy: remedy(basename(name)) };
  }
  return undefined;
}
