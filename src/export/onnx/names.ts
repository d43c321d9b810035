/** @file The input and the two outputs of an exported encoder, by transformers' names. */

export const INPUT_IDS = 'input_ids';
export const LAST_HIDDEN_STATE = 'last_hidden_state';
export const POOLER_OUTPUT = 'pooler_output';
