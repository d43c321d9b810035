import type { Pixels } from './tensors.js';

/** What is wrong with a picture, with the likely cause; undefined if nothing looks wrong. */
export function findTrouble({ data }: Pixels): string | undefined {
  const [red, green, blue] = [data[0]!, data[1]!, data[2]!];
  const isUniform = data.every((value, i) => value === [red, green, blue][i % 3]);
  if (!isUniform) return undefined;
  const colour = red + green + blue === 0 ? 'black' : `one colour, rgb(${red}, ${green}, ${blue})`;
  return (
    `the picture is all ${colour}: the text encoder is not one that this UNet was trained with or that ` +
    'imitates it, or the guidance is too strong'
  );
}
