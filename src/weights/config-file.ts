/** The path of the model's configuration in its folder. */
export const CONFIG_FILE = 'config.json';

/** Far more bytes than any `config.json` has, even with thousands of labels. */
export const LARGEST_CONFIG = 10_000_000;

/** The field of `config.json` with the width of a projection, which says that the model is incomplete without it. */
export const PROJECTION_FIELD = 'kd_projection_dim';
