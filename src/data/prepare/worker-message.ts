/** What a worker is started with. */
export interface WorkerSetup {
  readonly spillFolder: string;
  readonly name: string;
  readonly seed: number | undefined;
  /** A module that exports `loadRowTokenizers(folders)`, and the argument for it. */
  readonly tokenizerModule: string;
  readonly tokenizerFolders: unknown;
}

/** What a worker sends. */
export type WorkerMessage =
  | {
      readonly kind: 'rows';
      readonly rows: number;
      readonly source: number | undefined;
      readonly isEnd: boolean | undefined;
    }
  | { readonly kind: 'done'; readonly result: unknown }
  | {
      readonly kind: 'failed';
      /** The code of an `InputError`; absent for a bug. */
      readonly code?: string;
      readonly message: string;
      readonly stack: string | undefined;
    };
