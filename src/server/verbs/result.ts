// What a verb gives back before it takes the form the client asked for.

import type { Column, Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Upgrade, WatchSource } from '../../api/request.ts';
import type { Status } from '../../api/status.ts';
import type { Revision } from '../../store/store.ts';
import type { Stored } from '../stored.ts';
import type { CacheEvent } from '../cache.ts';

/** One object of the hub version; `stored` where it is just what the store holds. */
export interface ObjectResult {
  readonly type: 'object';
  readonly code: number;
  readonly object: KubeObject;
  readonly stored?: Stored;
}

export interface ListResult {
  readonly type: 'list';
  readonly items: readonly Stored[];
  readonly revision: Revision;
  readonly continue?: string;
  readonly remaining?: number;
}

/** One step of a watch: a change already matched with the watch's selectors, or a bookmark. */
export type WatchStep =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly stored: Stored; readonly event?: CacheEvent }
  | { readonly type: 'BOOKMARK'; readonly revision: Revision; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status };

export interface WatchResult {
  readonly type: 'watch';
  readonly steps: WatchSource<WatchStep>;
}

/** An object of another kind than the target's (Scale, Eviction, TokenRequest), printed as it is; or a Status. */
export interface OtherResult {
  readonly type: 'other';
  readonly code: number;
  readonly object: object;
  /** The kind it is of, where protobuf needs to know. */
  readonly kind?: Kind;
  /** Its columns, where it is an object that can be shown as a table or as metadata. */
  readonly columns?: readonly Column[];
}

/** Bytes as they are: logs, metrics, what somebody behind a proxy answered. */
export interface RawResult {
  readonly type: 'raw';
  readonly code: number;
  /** Left out when there is nothing to speak of. */
  readonly contentType?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** Bytes that come bit by bit: a followed log. */
export interface ChunksResult {
  readonly type: 'chunks';
  readonly contentType: string;
  readonly chunks: WatchSource<Uint8Array>;
}

/** The connection becomes another: exec, attach, port-forward. */
export interface UpgradeResult {
  readonly type: 'upgrade';
  /** Of the answer that says so. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly upgrade: Upgrade;
}

export type Result = ObjectResult | ListResult | WatchResult | OtherResult | RawResult | ChunksResult | UpgradeResult;
