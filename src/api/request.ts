// A request and its answer, whoever sends it: HTTP at the edge, or a controller in the same process. One pipeline serves both.

import type { KubeObject } from './object.ts';

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ApiRequest {
  /** Upper case. */
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; several values of one name joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes from the edge; in-process callers hand over the object itself (which the server copies before it changes anything). */
  readonly body?: Uint8Array | object;
  /** Set by in-process callers, and by the edge from a verified client certificate. Otherwise the authenticate stage decides. */
  readonly user?: UserInfo;
  /** In-process callers get objects and event batches instead of bytes. */
  readonly inProcess: boolean;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

export interface WatchEvent<T = KubeObject> {
  readonly type: WatchEventType;
  readonly object: T;
}

/**
 * A watch under way. Events are pushed in order, in batches, synchronously with the commit that caused them (before its promise
 * resolves), so an in-process reader is never behind its own writes.
 */
export interface WatchSource<E> {
  /** Called once. `end` is called when the server ends the watch. Returns the way to stop it. The sink must neither throw nor write synchronously. */
  subscribe(sink: (events: readonly E[]) => void, end: () => void): () => void;
}

/** What an answer carries. */
export type ResponseBody =
  /** One object or list; `bytes` is its JSON where it is at hand. */
  | { readonly type: 'object'; readonly object: object; readonly bytes?: Uint8Array }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** A watch for an in-process reader. */
  | { readonly type: 'events'; readonly events: WatchSource<WatchEvent> }
  /** A watch, encoded: each chunk is one or more whole frames. */
  | { readonly type: 'stream'; readonly chunks: WatchSource<Uint8Array> }
  /** The connection becomes something else (status 101): a WebSocket, or SPDY. */
  | { readonly type: 'upgrade'; readonly upgrade: Upgrade };

/** What an HTTP/1.1 connection becomes. */
export interface Upgrade {
  /** The WebSocket's subprotocol, empty for none. Undefined: no WebSocket, the connection's bytes are ours. */
  readonly websocket?: { readonly protocol: string; readonly frames: 'binary' | 'text' };
  /** Resolves when all is said; the connection is then closed. Never rejects. */
  serve(connection: Connection): Promise<void>;
}

/** An upgraded connection: each piece is one message of a WebSocket, or some bytes of a stream. */
export interface Connection {
  /** Resolves once there is room for more. */
  send(bytes: Uint8Array): Promise<void>;
  /** Called once. The next piece comes when the promise for the one before has resolved; `end` when the peer is gone. */
  receive(sink: (bytes: Uint8Array) => Promise<void>, end: () => void): void;
}

export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. `warning` may hold several values. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: ResponseBody;
}

/** Carries requests to a server: in-process (server/pipeline.ts) or over HTTPS (edge/). */
export interface Transport {
  call(request: ApiRequest): Promise<ApiResponse>;
}
