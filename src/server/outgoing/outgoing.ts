// What the server needs of the network: an HTTPS request to somebody else. Webhooks and aggregated API servers are asked through it.

import type { Duration } from '../../base/clock.ts';
import { concat } from '../../base/bytes.ts';
import type { Port } from '../../base/port.ts';
import type { Connection } from '../../api/request.ts';

/** Where to connect: a name or an address, and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface OutgoingRequest {
  /** Upper case. */
  readonly method: string;
  /** Its host is the name that the other side's certificate must have. */
  readonly url: string;
  /** Where that host is found, where a name server would not know. */
  readonly address?: Address;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
  /** Who may vouch for the other side, PEM. Without it those the machine trusts. */
  readonly caBundle?: string;
  /** The other side may be anybody. */
  readonly insecure?: boolean;
  /** Shows the certificate by which others know this server as one that vouches for its users. */
  readonly asProxy?: boolean;
  /** The headers ask for another protocol: the connection is for this request alone. */
  readonly upgrade?: boolean;
  /** How long the whole answer may take. Without it the answer may go on for ever. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

/** The body of an answer as it comes. Nothing is read before somebody subscribes. */
export interface Chunks {
  /** Called once. `end` is told why where the body broke off. Returns the way to stop it. */
  subscribe(sink: (chunks: readonly Uint8Array[]) => void, end: (broken?: Error) => void): () => void;
}

export interface OutgoingAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Chunks;
  /** What the connection has become, where the other side agreed to that (status 101). */
  readonly connection?: Connection & { close(): void };
}

export interface Outgoing {
  /** Resolves when the head of an answer is there. @throws Unreachable */
  send(request: OutgoingRequest): Promise<OutgoingAnswer>;
}

export const outgoingPort: Port<Outgoing> = { name: 'outgoing HTTPS' };

/** Nobody answered. The message is what Go's client says: `dial tcp 127.0.0.1:1: connect: connection refused`. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The body of an answer as one. @throws Unreachable where it breaks off or is larger than `limit` bytes */
export function wholeBody({ body }: OutgoingAnswer, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    const stop = body.subscribe(
      (chunks) => {
        for (const chunk of chunks) {
          size += chunk.length;
          parts.push(chunk);
        }
        if (size <= limit) return;
        reject(new Unreachable(`the answer is larger than ${limit} bytes`));
        queueMicrotask(() => stop());
      },
      (broken) => (broken ? reject(new Unreachable(broken.message)) : resolve(concat(...parts))),
    );
  });
}

const nothing = () => {};

/** Nobody wants the body of an answer. */
export const discard = ({ body }: OutgoingAnswer): void => body.subscribe(nothing, nothing)();

/** `127.0.0.1:443`, `[::1]:443`. */
export const addressText = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Where a URL leads. */
export function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) };
}
