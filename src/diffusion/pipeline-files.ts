/** @file The files of a Stable Diffusion pipeline in ONNX, on disk and on the hub. */
import type { FolderPart } from '../weights/hub.js';

/** The files of a pipeline. A model's weights may be in further files beside it. */
export const PIPELINE_FILES = {
  index: 'model_index.json',
  scheduler: 'scheduler/scheduler_config.json',
  unet: 'unet/model.onnx',
  decoder: 'vae_decoder/model.onnx',
} as const;

/** Where the VAE's configuration is: beside the decoder, as optimum writes it, or where PyTorch pipelines have it. */
export const VAE_CONFIGS = ['vae_decoder/config.json', 'vae/config.json'] as const;

/** The files that show which hidden states a pipeline takes. The UNet's weights may be in other files. */
export const PIPELINE_GRAPH: FolderPart = {
  files: [PIPELINE_FILES.index, PIPELINE_FILES.scheduler, PIPELINE_FILES.unet],
  optional: [],
  folders: [],
};

/** The files of a pipeline to download. */
export const PIPELINE_PART: FolderPart = {
  files: Object.values(PIPELINE_FILES),
  optional: VAE_CONFIGS,
  folders: ['unet', 'vae_decoder'],
};
