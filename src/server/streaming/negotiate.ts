// What a client wants its connection to become: a WebSocket or SPDY, and which of the protocols spoken over it.

import { ApiError, badRequest } from '../../api/status.ts';

type Headers = Readonly<Record<string, string>>;

export type Carrier = 'websocket' | 'spdy';

/** Whether the connection is to become something else, whatever that is. */
export const wantsUpgrade = ({ connection = '', upgrade = '' }: Headers): boolean =>
  upgrade !== '' && /upgrade/i.test(connection);

export const wantsWebsocket = (headers: Headers): boolean =>
  wantsUpgrade(headers) && headers.upgrade?.toLowerCase() === 'websocket';

/** @throws ApiError in Kubernetes' words when it is a plain request */
export function requireCarrier(headers: Headers): Carrier {
  if (wantsWebsocket(headers)) return 'websocket';
  if (wantsUpgrade(headers) && headers.upgrade?.toLowerCase() === 'spdy/3.1') return 'spdy';
  throw badRequest('Upgrade request required');
}

/** The protocols that a WebSocket's client offers. */
export const offeredProtocols = (headers: Headers): readonly string[] => listed(headers['sec-websocket-protocol']);

/** The first of the client's protocols that is known; a client that names none speaks the one without a name. */
export function websocketProtocol(headers: Headers, known: readonly string[]): string {
  const offered = offeredProtocols(headers);
  const chosen = offered.length === 0 ? '' : offered.find((each) => known.includes(each));
  if (chosen !== undefined && known.includes(chosen)) return chosen;
  throw refused(
    `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${[...known].sort().join(' ')}]`,
  );
}

/** The same for SPDY, whose clients must name one. */
export function spdyProtocol(headers: Headers, known: readonly string[]): string {
  const offered = listed(headers['x-stream-protocol-version']);
  if (offered.length === 0) throw badRequest('unable to upgrade: X-Stream-Protocol-Version is required');
  const chosen = offered.find((each) => known.includes(each));
  if (chosen !== undefined) return chosen;
  throw refused(
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`,
  );
}

const refused = (message: string) => new ApiError(403, 'Forbidden', message);

const listed = (header = ''): string[] =>
  header
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
