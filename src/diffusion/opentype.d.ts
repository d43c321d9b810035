/** The part of `opentype.js` 2.0 that this project uses; the package ships no types. */
declare module 'opentype.js/dist/opentype.mjs' {
  /** `M`, `L`, `Q` or `C` with the same points as in SVG, or `Z`. */
  export type PathCommand = { readonly type: string } & Readonly<
    Partial<Record<'x1' | 'y1' | 'x2' | 'y2' | 'x' | 'y', number>>
  >;

  export interface Path {
    readonly commands: readonly PathCommand[];
  }

  export interface Font {
    getPath(text: string, x: number, y: number, fontSize: number): Path;
    getAdvanceWidth(text: string, fontSize: number): number;
    charToGlyphIndex(character: string): number;
  }

  /** @param options with `lowMemory`, glyphs are parsed on demand */
  export function parse(buffer: ArrayBuffer, options?: { readonly lowMemory?: boolean }): Font;
}
