// What a command in a simulated container has at hand: its words, its variables, its streams, its files, its machine.

import type { Clock } from '../../base/clock.ts';
import { concat, textOf, utf8 } from '../../base/bytes.ts';
import type { ByteSource } from '../../base/byte-pipe.ts';
import type { Container, Pod } from '../../kinds/generated/types/core-v1.ts';
import type { Files } from './files.ts';

/** What is the same for all commands of a container. */
export interface Machine {
  readonly clock: Clock;
  readonly pod: Pod;
  readonly container: Container;
  readonly hostname: string;
  readonly files: Files;
  readonly user: number;
  readonly group: number;
  /** When the container started. */
  readonly bootedAt: number;
}

export interface Input {
  /** Some bytes; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Up to the end of the line, without it. */
  line(): Promise<string | undefined>;
  all(): Promise<Uint8Array>;
}

export interface Output {
  write(content: Uint8Array | string): Promise<void>;
  isClosed(): boolean;
}

/** What commands change of the shell they run in. */
export interface ShellState {
  /** Absolute. */
  folder: string;
  /** `$?` */
  code: number;
  /** `set -e` */
  strict: boolean;
}

export interface Task {
  readonly machine: Machine;
  readonly variables: Map<string, string>;
  /** `$0`, `$1` … */
  readonly parameters: readonly string[];
  readonly state: ShellState;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted when nobody waits for the result any more, or at Ctrl-C. */
  signal: AbortSignal;
  /** How many commands have run since time last passed. */
  readonly steps: { count: number };
  /** What programs do that are not here, and scripts that cannot be read, by their name. Left out: they are not found. */
  readonly otherwise?: (name: string) => Program;
}

/** What a command does. Resolves with its exit code. */
export type Program = (args: readonly string[], task: Task) => number | Promise<number>;

/** What `input` may hold in memory, in bytes. */
const mostRead = 64 * 1024 * 1024;

export function inputOf(source: ByteSource): Input {
  let rest: Uint8Array = new Uint8Array();
  const next = async (): Promise<Uint8Array | undefined> => {
    const [taken] = [rest];
    rest = new Uint8Array();
    return taken.length > 0 ? taken : source.read();
  };
  return {
    read: next,

    async line() {
      let text: Uint8Array = new Uint8Array();
      for (let bytes = await next(); bytes; bytes = await next()) {
        const end = bytes.indexOf(10);
        text = concat(text, end < 0 ? bytes : bytes.subarray(0, end));
        if (end < 0) continue;
        rest = bytes.subarray(end + 1);
        return textOf(text);
      }
      return text.length > 0 ? textOf(text) : undefined;
    },

    async all() {
      const parts: Uint8Array[] = [];
      let size = 0;
      for (let bytes = await next(); bytes && size < mostRead; bytes = await next()) {
        parts.push(bytes);
        size += bytes.length;
      }
      return concat(...parts);
    },
  };
}

export const emptyInput: Input = inputOf({ read: () => Promise.resolve(undefined), cancel: () => {} });

export const outputTo = (sink: { write(bytes: Uint8Array): Promise<void>; isClosed(): boolean }): Output => ({
  write: (content) => sink.write(typeof content === 'string' ? utf8(content) : content),
  isClosed: () => sink.isClosed(),
});

export const nowhere: Output = { write: () => Promise.resolve(), isClosed: () => false };
