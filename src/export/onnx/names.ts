/** @file The names of an exported encoder's input and outputs, as in transformers. */

export const INPUT_IDS = 'input_ids';
export const LAST_HIDDEN_STATE = 'last_hidden_state';
export const POOLER_OUTPUT = 'pooler_output';
