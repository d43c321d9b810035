import type { HubOrigin } from './http.js';

/** A model on the hub. */
export interface ModelId {
  /** `owner/name`. */
  readonly name: string;
  /** A branch, tag or commit. */
  readonly revision: string;
}

/** Where the hub is, and the credentials for it. */
export interface HubAccess extends HubOrigin {
  /** What `authorization` comes from, for messages: `the token in HF_TOKEN`. */
  readonly credentials: string | undefined;
  /** The flag that takes a local folder instead, for messages. */
  readonly flag: string;
  /** Milliseconds before a broken download is resumed for the first time; doubled each time. */
  readonly retryDelay: number;
}
