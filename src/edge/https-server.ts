// The socket: HTTP/2 and HTTP/1.1 over TLS on one port, requests into the pipeline and answers (whole or streamed) out of it.

import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { gzip } from 'node:zlib';
import type { Log } from '../base/log.ts';
import type { ApiRequest, ApiResponse, Transport, UserInfo, WatchSource } from '../api/request.ts';
import { ApiError, badRequest } from '../api/status.ts';
import { type Handshake, plainResponse, upgrade } from './upgrades.ts';

export interface HttpsServerOptions {
  readonly transport: Transport;
  readonly log: Log;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** The CA of client certificates, PEM. */
  readonly clientCa: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface HttpsServer {
  readonly port: number;
  /** Ends open watches, waits a moment for answers under way, and closes. */
  close(): Promise<void>;
}

/** What a request's body may have at the most, in bytes. */
const largestBody = 3 * 1024 * 1024;
/** What a slow reader of a watch may leave unread before the watch is ended, in bytes. */
const largestBacklog = 16 * 1024 * 1024;
/** Answers from here on are compressed for clients that take it. Upstream's limit, in bytes. */
const compressFrom = 128 * 1024;

/** @throws the socket's error, `EADDRINUSE` among them */
export async function serveHttps(options: HttpsServerOptions): Promise<HttpsServer> {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: options.certificate,
    key: options.key,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
    maxHeaderListPairs: 200,
  } as Parameters<typeof createSecureServer>[0]);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => void handle(options, request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    handleUpgrade(options, { request, socket, head }),
  );
  server.on('sessionError', () => {});
  server.on('tlsClientError', () => {});
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Http2SecureServer, { host, port }: HttpsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

/** Whether the client is there, and a signal for those who want to be told: made when it is asked for, which most requests never do. */
interface Presence {
  readonly signal: AbortSignal;
  readonly gone: boolean;
}

const clientGone = new Error('the client is gone');

function presenceOf(outgoing: Http2ServerResponse, socket: Handshake['socket'] | undefined): Presence {
  let gone = false;
  let controller: AbortController | undefined;
  const leave = (): void => {
    gone = true;
    controller?.abort(clientGone);
  };
  outgoing.once('close', leave);
  socket?.once('close', leave);
  return {
    get gone() {
      return gone;
    },
    get signal() {
      controller ??= new AbortController();
      if (gone) controller.abort(clientGone);
      return controller.signal;
    },
  };
}

/** The client of an HTTP/1.1 connection wants it to become something else. Whether it does is the answer's to say. */
function handleUpgrade(options: HttpsServerOptions, handshake: Handshake): void {
  // From here on nobody else listens to what becomes of the socket.
  handshake.socket.on('error', () => {});
  const response = plainResponse(handshake);
  void handle(options, handshake.request as never, response as never, handshake);
}

async function handle(
  options: HttpsServerOptions,
  incoming: Http2ServerRequest,
  outgoing: Http2ServerResponse,
  handshake?: Handshake,
): Promise<void> {
  const presence = presenceOf(outgoing, handshake?.socket);
  incoming.on('error', () => {});
  outgoing.on('error', () => {});
  try {
    const request = await requestOf(incoming, presence, handshake === undefined && hasBody(incoming));
    const response = await options.transport.call(request);
    if (response.body.type !== 'upgrade') return await send(request, response, outgoing);
    if (!handshake) throw new Error('a plain request was answered with another protocol');
    (outgoing as unknown as ServerResponse).detachSocket(handshake.socket as Socket);
    upgrade(handshake, response, response.body.upgrade);
  } catch (error) {
    if (presence.gone) return;
    const status = error instanceof ApiError ? error.status : undefined;
    if (!status) options.log.error('an answer could not be sent', { path: incoming.url, error: String(error) });
    outgoing.statusCode = status?.code ?? 500;
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(JSON.stringify(status ?? {}));
  }
}

async function requestOf(incoming: Http2ServerRequest, presence: Presence, withBody: boolean): Promise<ApiRequest> {
  const url = incoming.url ?? '/';
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  const user = certificateUser(incoming.socket as unknown as TLSSocket);
  const body = withBody ? await bodyOf(incoming) : undefined;
  return {
    method: incoming.method ?? 'GET',
    path,
    query: queryOf(question < 0 ? '' : url.slice(question + 1)),
    headers: headersOf(incoming),
    ...(body && body.length > 0 && { body }),
    ...(user && { user }),
    inProcess: false,
    get signal() {
      return presence.signal;
    },
  };
}

/** Parameters that Go cannot read (a semicolon, an escape that is none) are as good as not there. */
function queryOf(text: string): URLSearchParams {
  if (!/[;%]/.test(text)) return new URLSearchParams(text);
  const readable = text.split('&').filter((each) => !/;|%(?![\da-fA-F]{2})/.test(each));
  return new URLSearchParams(readable.join('&'));
}

function headersOf(incoming: Http2ServerRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const host = incoming.headers[':authority'];
  if (host && !headers.host) headers.host = String(host);
  return headers;
}

const hasBody = (incoming: Http2ServerRequest): boolean => incoming.method !== 'GET' && incoming.method !== 'HEAD';

function bodyOf(incoming: Http2ServerRequest): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestBody) {
        reject(new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${largestBody}`));
        incoming.removeAllListeners('data').resume();
      } else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    incoming.on('error', () => reject(badRequest('the body could not be read')));
  });
}

/** The user a verified client certificate names: CN is the name, each O a group. Looked at once a connection. */
const certificateUsers = new WeakMap<object, UserInfo | null>();

function certificateUser(socket: TLSSocket): UserInfo | undefined {
  const key = ((socket as { stream?: object }).stream ?? socket) as object;
  let user = certificateUsers.get(key);
  if (user === undefined) {
    user = readCertificate(socket) ?? null;
    certificateUsers.set(key, user);
  }
  return user ?? undefined;
}

function readCertificate(socket: TLSSocket): UserInfo | undefined {
  if (typeof socket.getPeerCertificate !== 'function' || !socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as unknown as { CN?: string; O?: string | string[] } | undefined;
  if (!subject?.CN) return undefined;
  const groups = subject.O === undefined ? [] : Array.isArray(subject.O) ? subject.O : [subject.O];
  return { name: subject.CN, groups };
}

async function send(request: ApiRequest, response: ApiResponse, outgoing: Http2ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of Object.entries(response.headers)) {
    outgoing.setHeader(name, typeof value === 'string' ? asBytes(value) : value.map(asBytes));
  }
  outgoing.setHeader('cache-control', 'no-cache, private');
  const { body } = response;
  if (body.type === 'stream') return stream(body.chunks, request, outgoing);
  const bytes =
    body.type === 'bytes'
      ? body.bytes
      : body.type === 'object'
        ? (body.bytes ?? Buffer.from(JSON.stringify(body.object)))
        : new Uint8Array();
  if (request.method === 'HEAD') {
    outgoing.end();
    return;
  }
  if (bytes.length >= compressFrom && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    const compressed = await new Promise<Buffer>((resolve, reject) =>
      gzip(bytes, { level: 1 }, (error, result) => (error ? reject(error) : resolve(result))),
    );
    outgoing.setHeader('content-encoding', 'gzip');
    outgoing.setHeader('vary', 'Accept-Encoding');
    outgoing.end(compressed);
    return;
  }
  outgoing.setHeader('content-length', bytes.length);
  outgoing.end(bytes);
}

/** Headers go out character by character, a byte each: what is beyond ASCII goes as the bytes of its UTF-8 form, as in Go. */
const asBytes = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1');

/** Writes a watch's frames as they come. A reader that falls too far behind loses its watch, and begins a new one. */
function stream(chunks: WatchSource<Uint8Array>, request: ApiRequest, outgoing: Http2ServerResponse): void {
  outgoing.writeHead(outgoing.statusCode);
  (outgoing as { flushHeaders?(): void }).flushHeaders?.();
  let ended = false;
  const stop = chunks.subscribe(
    (frames) => {
      for (const frame of frames) outgoing.write(frame);
      if (outgoing.writableLength > largestBacklog) outgoing.destroy();
    },
    () => {
      ended = true;
      outgoing.end();
    },
  );
  if (ended || request.signal.aborted) stop();
  else request.signal.addEventListener('abort', stop, { once: true });
}
