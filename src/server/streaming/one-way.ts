// Watches and logs over a WebSocket: the server speaks, a message for each piece; what the client says is not heard.

import { base64, utf8 } from '../../base/bytes.ts';
import type { ApiRequest, ApiResponse, Upgrade, WatchSource } from '../../api/request.ts';
import type { ResourceTarget } from '../exchange.ts';
import type { Format } from '../negotiate.ts';
import { largestBacklog } from './limits.ts';
import { offeredProtocols } from './negotiate.ts';

type Headers = ApiRequest['headers'];

/** What a client gets at a WebSocket in place of this answer: the same, where it is none that comes bit by bit. */
export function inMessages(
  response: ApiResponse,
  headers: Headers,
  { target, format }: { readonly target: ResourceTarget; readonly format: Format },
): ApiResponse {
  const { status, body } = response;
  if (target.verb === 'watch' && body.type === 'stream') return watch(headers, body.chunks, format === 'protobuf');
  if (target.subresource !== 'log' || status !== 200) return response;
  if (body.type === 'stream') return text(headers, body.chunks);
  return body.type === 'bytes' ? text(headers, atOnce(body.bytes)) : response;
}

const atOnce = (bytes: Uint8Array): WatchSource<Uint8Array> => ({
  subscribe(sink, end) {
    sink([bytes]);
    end();
    return () => {};
  },
});

/** Frames of a watch as messages. `binary`: they are protobuf. */
function watch(headers: Headers, frames: WatchSource<Uint8Array>, binary: boolean): ApiResponse {
  const fault = handshakeFault(headers) ?? originFault(headers);
  if (fault) return fault;
  const offered = offeredProtocols(headers);
  // Any protocol will do, but the choice is not the server's.
  if (offered.length > 1) return refusal(400);
  const websocket = { protocol: offered[0] ?? '', frames: binary ? 'binary' : 'text' } as const;
  return upgraded(websocket, binary ? pieces(frames, (frame) => [frame.subarray(lengthBytes)]) : frames);
}

/** A frame of protobuf begins with its length, which a message has anyway. */
const lengthBytes = 4;

/** A log, as it comes. */
function text(headers: Headers, chunks: WatchSource<Uint8Array>): ApiResponse {
  const fault = handshakeFault(headers);
  if (fault) return fault;
  const [first = ''] = offeredProtocols(headers);
  const protocol = first === '' ? '' : offeredProtocols(headers).find((each) => Object.hasOwn(textProtocols, each));
  if (protocol === undefined) return refusal(403);
  const frames = textProtocols[protocol] ?? 'binary';
  const messages = pieces(chunks, (chunk) => cut(chunk, largestPiece));
  return upgraded(
    { protocol, frames },
    beginningWith(new Uint8Array(), frames === 'text' ? pieces(messages, (each) => [utf8(base64(each))]) : messages),
  );
}

/** Text is base64. Bytes are what a client gets that names none. */
const textProtocols: Readonly<Record<string, 'binary' | 'text'>> = {
  'binary.k8s.io': 'binary',
  'base64.binary.k8s.io': 'text',
};

/** What one message holds of a text, in bytes: as much as upstream reads at a time. */
const largestPiece = 2048;

/** In the words of Go's WebSockets, which refuse without a Status. Undefined: the handshake is sound. */
function handshakeFault(headers: Headers): ApiResponse | undefined {
  if (!headers['sec-websocket-key']) return refusal(400, 'mismatch challenge/response');
  if (headers['sec-websocket-version'] === '13') return undefined;
  return { ...refusal(400, 'missing or bad WebSocket Version'), headers: { 'sec-websocket-version': '13' } };
}

/** Watches are for pages, which say where they come from; where that is does not matter. */
const originFault = ({ origin = '' }: Headers): ApiResponse | undefined =>
  /^(\/|\*$|[a-z][a-z0-9+.-]*:)/i.test(origin) ? undefined : refusal(403);

const refusal = (status: number, why = ''): ApiResponse => ({
  status,
  headers: {},
  body: { type: 'bytes', bytes: utf8(why) },
});

const upgraded = (websocket: Upgrade['websocket'] & object, messages: WatchSource<Uint8Array>): ApiResponse => ({
  status: 101,
  headers: {},
  body: { type: 'upgrade', upgrade: { websocket, serve: (connection) => tell(messages, connection) } },
});

/** Until there is no more to say, the client is gone, or it is too far behind. */
function tell(messages: WatchSource<Uint8Array>, connection: Parameters<Upgrade['serve']>[0]): Promise<void> {
  return new Promise((resolve) => {
    let unsent = 0;
    const stop = messages.subscribe((batch) => {
      for (const message of batch) {
        unsent += message.length;
        void connection.send(message).then(() => (unsent -= message.length));
      }
      if (unsent > largestBacklog) leave();
    }, resolve);
    function leave(): void {
      queueMicrotask(() => stop());
      resolve();
    }
    connection.receive(() => Promise.resolve(), leave);
  });
}

const pieces = (
  source: WatchSource<Uint8Array>,
  of: (chunk: Uint8Array) => readonly Uint8Array[],
): WatchSource<Uint8Array> => ({
  subscribe: (sink, end) => source.subscribe((chunks) => sink(chunks.flatMap(of)), end),
});

const beginningWith = (first: Uint8Array, source: WatchSource<Uint8Array>): WatchSource<Uint8Array> => ({
  subscribe(sink, end) {
    sink([first]);
    return source.subscribe(sink, end);
  },
});

const cut = (bytes: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
