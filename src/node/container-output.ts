// What a container writes: lines with their times for its log, and the bytes as they are for whoever is attached.

import { concat, textOf } from '../base/bytes.ts';
import type { ByteSink } from '../base/byte-pipe.ts';
import type { Instant } from '../base/clock.ts';
import type { LogLine } from './runtime.ts';

export type Stream = LogLine['stream'];

export interface ContainerOutput {
  /** The newest of its lines, oldest first. */
  lines(): readonly LogLine[];
  /** Where a program writes. */
  to(stream: Stream, now: () => Instant): ByteSink;
  /** Called with each further line. Returns the way to stop. */
  follow(listener: (line: LogLine) => void): () => void;
  /** Hands on what is written from now on, and what was written of a line that is not finished: a prompt. Returns the way to stop. */
  attach(taker: (bytes: Uint8Array, stream: Stream) => Promise<void>): () => void;
  /** What is left becomes a line. */
  close(at: Instant): void;
}

/** What is kept of it, in bytes: the kubelet's `containerLogMaxSize`. */
const mostKept = 10 * 1024 * 1024;

const newline = 10;

export function containerOutput(): ContainerOutput {
  const listeners = new Set<(line: LogLine) => void>();
  const takers = new Set<(bytes: Uint8Array, stream: Stream) => Promise<void>>();
  const unfinished: Partial<Record<Stream, Uint8Array>> = {};
  let lines: LogLine[] = [];
  let size = 0;

  function add(at: Instant, stream: Stream, bytes: Uint8Array): void {
    const line = { at, stream, text: textOf(bytes) };
    lines.push(line);
    size += bytes.length;
    if (size > mostKept) forget();
    for (const listener of listeners) listener(line);
  }

  /** The older half. */
  function forget(): void {
    lines = lines.slice(lines.length >> 1);
    size = lines.reduce((sum, { text }) => sum + text.length, 0);
  }

  function keep(at: Instant, stream: Stream, bytes: Uint8Array): void {
    let rest = unfinished[stream] ? concat(unfinished[stream], bytes) : bytes;
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      add(at, stream, rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    unfinished[stream] = rest;
  }

  return {
    lines: () => lines,

    to: (stream, now) => ({
      async write(bytes) {
        keep(now(), stream, bytes);
        if (takers.size > 0) await Promise.all([...takers].map((taker) => taker(bytes, stream)));
      },
      end: () => {},
      isClosed: () => false,
    }),

    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    attach(taker) {
      for (const stream of streams) if (unfinished[stream]?.length) void taker(unfinished[stream], stream);
      takers.add(taker);
      return () => void takers.delete(taker);
    },

    close(at) {
      for (const stream of streams) {
        if (unfinished[stream]?.length) add(at, stream, unfinished[stream]);
        delete unfinished[stream];
      }
    },
  };
}

const streams: readonly Stream[] = ['stdout', 'stderr'];
