// HTTP/1.1 connections that become something else: WebSockets, and SPDY, whose frames are the server's own affair.

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { ApiResponse, Connection, Upgrade } from '../api/request.ts';

/** What one message of a WebSocket may hold, in bytes. */
const largestMessage = 4 * 1024 * 1024;
/** What waits to be taken before nothing more is read, in bytes. */
const enoughUnread = 256 * 1024;
/** What may be unsent before `send` waits, in bytes. */
const enoughUnsent = 256 * 1024;

export interface Handshake {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came right after the request. */
  readonly head: Buffer;
}

/** A response object for a request whose client wanted more than a response. The connection ends with it. */
export function plainResponse({ request, socket }: Handshake): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as never);
  response.once('finish', () => socket.end());
  return response;
}

/** Answers 101 and serves the connection until its server has nothing more to say or its client is gone. */
export function upgrade(handshake: Handshake, response: ApiResponse, { websocket, serve }: Upgrade): void {
  if (websocket) becomeWebsocket(handshake, { websocket, serve });
  else becomeStream(handshake, response, serve);
}

function becomeStream({ socket, head }: Handshake, { headers }: ApiResponse, serve: Upgrade['serve']): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
  void serve(connectionOver(socket, head)).then(() => socket.end());
}

/** The bytes of a socket whose HTTP is over; `head` came right after it. */
export function connectionOver(socket: Duplex, head: Buffer): Connection {
  const inbox = inboxOf(socket);
  if (head.length > 0) inbox.put(head);
  socket.on('data', (chunk: Buffer) => inbox.put(chunk));
  socket.once('end', () => inbox.end());
  socket.once('close', () => inbox.end());
  socket.on('error', () => inbox.end());
  return {
    send: (bytes) =>
      new Promise((resolve) => {
        const flushed = socket.write(bytes, () => flushed || resolve());
        if (flushed || socket.destroyed) resolve();
      }),
    receive: inbox.open,
  };
}

function becomeWebsocket({ request, socket, head }: Handshake, { websocket, serve }: Required<Upgrade>): void {
  const binary = websocket.frames === 'binary';
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: largestMessage,
    perMessageDeflate: false,
    handleProtocols: () => websocket.protocol,
  });
  server.handleUpgrade(request, socket, head, (peer) => {
    const inbox = inboxOf(peer);
    peer.on('message', (data: RawData) => inbox.put(bytesOf(data)));
    peer.once('close', () => inbox.end());
    peer.on('error', () => inbox.end());
    void serve({ send: (bytes) => sent(peer, bytes, binary), receive: inbox.open }).then(() => peer.close(1000));
  });
}

function sent(peer: WebSocket, bytes: Uint8Array, binary: boolean): Promise<void> {
  return new Promise((resolve) => {
    peer.send(bytes, { binary }, () => resolve());
    if (peer.bufferedAmount < enoughUnsent) resolve();
  });
}

const bytesOf = (data: RawData): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;

/** Hands pieces over one by one, and stops the source while too many wait. */
function inboxOf(source: { pause(): void; resume(): void }): {
  put(bytes: Uint8Array): void;
  end(): void;
  readonly open: Connection['receive'];
} {
  const waiting: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  let busy = true;
  let sink: (bytes: Uint8Array) => Promise<void> = async () => {};
  let tellEnd = () => {};

  async function hand(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      size -= next.length;
      if (size < enoughUnread) source.resume();
      await sink(next);
    }
    busy = false;
    if (ended) tellEnd();
  }

  return {
    put(bytes) {
      waiting.push(bytes);
      size += bytes.length;
      if (size >= enoughUnread) source.pause();
      void hand();
    },
    end() {
      if (ended) return;
      ended = true;
      if (busy) tellEnd();
      else void hand();
    },
    open(taker, end) {
      sink = taker;
      tellEnd = end;
      busy = false;
      void Promise.resolve().then(hand);
    },
  };
}
