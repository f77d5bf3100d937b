// A pipe of bytes with a limit: whoever writes waits until whoever reads has made room.

/** Bytes in order. One reader at a time. */
export interface ByteSource {
  /** The next bytes, at least one; undefined once there are no more. */
  read(): Promise<Uint8Array | undefined>;
  /** Nobody reads any more: what is still written is dropped. */
  cancel(): void;
}

export interface ByteSink {
  /** Resolves once there is room for more. After the reader has gone, or after `end`, bytes are dropped. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more bytes come. */
  end(): void;
  /** Nobody reads what is written. */
  isClosed(): boolean;
}

/** Both directions, as of a connection. */
export interface ByteDuplex {
  readonly input: ByteSource;
  readonly output: ByteSink;
}

/** How much waits in a pipe before its writer does, in bytes. */
const defaultLimit = 256 * 1024;

export function bytePipe(limit = defaultLimit): ByteSource & ByteSink {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  let cancelled = false;
  let reader: ((bytes: Uint8Array | undefined) => void) | undefined;
  let writers: (() => void)[] = [];

  function letWritersGo(): void {
    const free = writers;
    writers = [];
    for (const go of free) go();
  }

  return {
    read() {
      const next = waiting.shift();
      if (next) {
        size -= next.length;
        if (size < limit) letWritersGo();
        return Promise.resolve(next);
      }
      if (ended || cancelled) return Promise.resolve(undefined);
      return new Promise((resolve) => (reader = resolve));
    },

    cancel() {
      cancelled = true;
      waiting = [];
      size = 0;
      letWritersGo();
      reader?.(undefined);
      reader = undefined;
    },

    write(bytes) {
      if (bytes.length === 0 || ended || cancelled) return Promise.resolve();
      if (reader) {
        const give = reader;
        reader = undefined;
        give(bytes);
        return Promise.resolve();
      }
      waiting.push(bytes);
      size += bytes.length;
      return size < limit ? Promise.resolve() : new Promise((resolve) => writers.push(resolve));
    },

    end() {
      ended = true;
      reader?.(undefined);
      reader = undefined;
    },

    isClosed: () => cancelled || ended,
  };
}

/** Hands all bytes on, and the end as well. Resolves when there are no more, or nobody wants more. */
export async function pour(source: ByteSource, sink: ByteSink): Promise<void> {
  for (let bytes = await source.read(); bytes && !sink.isClosed(); bytes = await source.read()) await sink.write(bytes);
  if (sink.isClosed()) source.cancel();
  sink.end();
}
