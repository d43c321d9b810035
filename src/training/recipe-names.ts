/** The names of the recipes in `recipes.ts`. */
export const RECIPE_NAMES = [
  'clip-250k',
  'roberta-250k',
  'roberta-pooler-250k',
  'roberta-1m',
  'roberta-1m-fast',
  'smoke',
] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];
