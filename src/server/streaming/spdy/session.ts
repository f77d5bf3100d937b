// The server's side of a SPDY/3.1 connection: streams that the client opens, each a pipe in either direction.

import { bytePipe, type ByteSink, type ByteSource, type ByteDuplex } from '../../../base/byte-pipe.ts';
import type { Connection } from '../../../api/request.ts';
import { controlFrame, dataFrame, fin, type Frame, frameReader, frameTypes, viewOf } from './frames.ts';
import { headerReader, headerWriter, type Headers } from './headers.ts';

export interface SpdyStream extends ByteDuplex {
  readonly id: number;
  /** Names in lower case. */
  readonly headers: Headers;
}

export interface SpdySession {
  /** Resolves when the connection is gone, or broken. */
  readonly closed: Promise<void>;
  /** Nothing is read any more, and all streams are at their end. */
  close(): void;
}

/** How many streams a connection may have open; further ones are refused. */
const mostStreams = 256;
const refusedStream = 3;

interface Open {
  readonly input: ByteSource & ByteSink;
  /** Which halves are still open. */
  reads: boolean;
  writes: boolean;
}

/** `opened` is told of every stream. */
export function spdySession(connection: Connection, opened: (stream: SpdyStream) => void): SpdySession {
  const streams = new Map<number, Open>();
  const [frames, readHeaders, writeHeaders] = [frameReader(), headerReader(), headerWriter()];
  let over = false;
  let tell = () => {};
  const closed = new Promise<void>((resolve) => (tell = resolve));

  function close(): void {
    if (over) return;
    over = true;
    for (const { input } of streams.values()) input.end();
    streams.clear();
    tell();
  }

  function settle(id: number, stream: Open): void {
    if (!stream.reads && !stream.writes) streams.delete(id);
  }

  function outputOf(id: number, stream: Open): ByteSink {
    const isClosed = () => over || !stream.writes;
    return {
      write: (bytes) => (isClosed() || bytes.length === 0 ? Promise.resolve() : connection.send(dataFrame(id, bytes))),
      end() {
        if (isClosed()) return;
        stream.writes = false;
        void connection.send(dataFrame(id, new Uint8Array(), fin));
        settle(id, stream);
      },
      isClosed,
    };
  }

  function open(payload: Uint8Array, flags: number): void {
    const id = viewOf(payload).getUint32(0) & 0x7fffffff;
    const headers = readHeaders(payload.subarray(10));
    if (streams.size >= mostStreams) {
      void connection.send(controlFrame(frameTypes.rstStream, [id, refusedStream]));
      return;
    }
    const stream: Open = { input: bytePipe(), reads: (flags & fin) === 0, writes: true };
    if (!stream.reads) stream.input.end();
    streams.set(id, stream);
    void connection.send(controlFrame(frameTypes.synReply, [id], writeHeaders(new Map())));
    opened({ id, headers, input: stream.input, output: outputOf(id, stream) });
  }

  function reset(id: number): void {
    const stream = streams.get(id);
    if (!stream) return;
    [stream.reads, stream.writes] = [false, false];
    stream.input.end();
    streams.delete(id);
  }

  async function data({ stream: id, payload, fin: last }: Frame & { type: 'data' }): Promise<void> {
    const stream = streams.get(id);
    if (stream?.reads) await stream.input.write(payload);
    if (payload.length > 0) {
      void connection.send(controlFrame(frameTypes.windowUpdate, [id, payload.length]));
      void connection.send(controlFrame(frameTypes.windowUpdate, [0, payload.length]));
    }
    if (!stream || !last) return;
    stream.reads = false;
    stream.input.end();
    settle(id, stream);
  }

  async function take(frame: Frame): Promise<void> {
    if (frame.type === 'data') return data(frame);
    const { kind, flags, payload } = frame;
    if (kind === frameTypes.synStream) open(payload, flags);
    if (kind === frameTypes.rstStream) reset(viewOf(payload).getUint32(0) & 0x7fffffff);
    if (kind === frameTypes.ping) await connection.send(controlFrame(kind, [viewOf(payload).getUint32(0)]));
  }

  connection.receive(async (bytes) => {
    if (over) return;
    try {
      for (const frame of frames(bytes)) await take(frame);
    } catch (error) {
      // Bytes that are no SPDY end the connection; nobody could say what follows them.
      if (!(error instanceof RangeError)) throw error;
      close();
    }
  }, close);
  return { closed, close };
}
