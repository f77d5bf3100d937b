import { constants, createDeflate, createInflate } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pour } from '../../../base/byte-pipe.ts';
import { concat, textOf, utf8 } from '../../../base/bytes.ts';
import type { Connection } from '../../../api/request.ts';
import { controlFrame, dataFrame, fin, type Frame, frameReader, frameTypes } from './frames.ts';
import { dictionary, headerReader, headerWriter } from './headers.ts';
import { type SpdyStream, spdySession } from './session.ts';

const flushed = (stream: ReturnType<typeof createDeflate> | ReturnType<typeof createInflate>, bytes: Uint8Array) =>
  new Promise<Uint8Array>((resolve) => {
    const parts: Buffer[] = [];
    const keep = (part: Buffer) => parts.push(part);
    stream.on('data', keep);
    stream.write(bytes);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', keep);
      resolve(Buffer.concat(parts));
    });
  });

test('header blocks are those of the protocol, one after another over one state', async () => {
  const pairs = fc.dictionary(
    fc.string({ minLength: 1 }).map((name) => name.toLowerCase()),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pairs, { maxLength: 4 }), async (blocks) => {
      const [read, write] = [headerReader(), headerWriter()];
      const [inflate, deflate] = [createInflate({ dictionary }), createDeflate({ dictionary })];
      for (const block of blocks) {
        const headers = new Map(Object.entries(block));
        // Another implementation's compression in between, both ways.
        const plain = await flushed(inflate, write(headers));
        expect(read(await flushed(deflate, plain))).toEqual(headers);
      }
    }),
    { seed: 1, numRuns: 50 },
  );
});

test('a header block that would fill the memory is refused', async () => {
  const deflate = createDeflate({ dictionary });
  const bomb = await flushed(deflate, new Uint8Array(10_000_000));
  expect(() => headerReader()(bomb)).toThrow(RangeError);
});

test('frames come out whole, however the bytes are cut', () => {
  const frame = fc.oneof(
    fc.record({
      stream: fc.integer({ min: 1, max: 0x7fffffff }),
      payload: fc.uint8Array({ maxLength: 50 }),
      last: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.array(frame), fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (frames, cuts) => {
      const whole = concat(...frames.map(({ stream, payload, last }) => dataFrame(stream, payload, last ? fin : 0)));
      const [read, got]: [ReturnType<typeof frameReader>, Frame[]] = [frameReader(), []];
      for (let at = 0; at < whole.length; ) {
        const size = cuts.next().value as number;
        got.push(...read(whole.subarray(at, at + size)));
        at += size;
      }
      expect(got).toEqual(frames.map(({ stream, payload, last }) => ({ type: 'data', stream, payload, fin: last })));
    }),
    { seed: 1 },
  );
});

/** The client's end of a session: what it sends, and the frames it gets. */
function client(opened: (stream: SpdyStream) => void) {
  let deliver: (bytes: Uint8Array) => Promise<void> = async () => {};
  const [frames, read, headers]: [Frame[], ReturnType<typeof frameReader>, ReturnType<typeof headerWriter>] = [
    [],
    frameReader(),
    headerWriter(),
  ];
  const connection: Connection = {
    send(bytes) {
      frames.push(...read(bytes));
      return Promise.resolve();
    },
    receive(sink) {
      deliver = sink;
    },
  };
  const session = spdySession(connection, opened);
  const open = (id: number, given: Record<string, string>, flags = 0) =>
    deliver(
      withFlags(
        controlFrame(frameTypes.synStream, [id, 0], concat(new Uint8Array(2), headers(new Map(Object.entries(given))))),
        flags,
      ),
    );
  return { session, frames, open, send: (bytes: Uint8Array) => deliver(bytes) };
}

/** Flags stand in the fifth byte of a frame. */
function withFlags(frame: Uint8Array, flags: number): Uint8Array {
  frame[4] = flags;
  return frame;
}

const dataOf = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame.type === 'data' ? [[frame.stream, textOf(frame.payload), frame.fin]] : []));

test('a stream is opened, answered, written to and ended from both sides', async () => {
  const names: (string | undefined)[] = [];
  const { frames, open, send } = client((stream) => {
    names.push(stream.headers.get('streamtype'));
    void pour(stream.input, stream.output);
  });
  await open(1, { StreamType: 'data' });
  await send(dataFrame(1, utf8('hello')));
  await send(dataFrame(1, new Uint8Array(), fin));
  await send(controlFrame(frameTypes.ping, [42]));
  expect(names).toEqual(['data']);
  expect(dataOf(frames)).toEqual([
    [1, 'hello', false],
    [1, '', true],
  ]);
  const kinds = frames.flatMap((frame) => (frame.type === 'control' ? [frame.kind] : []));
  expect(kinds).toContain(frameTypes.synReply);
  expect(kinds.at(-1)).toBe(frameTypes.ping);
});

test('too many streams are refused, and frames of another version end the session', async () => {
  const { frames, open, send, session } = client(() => {});
  for (let id = 1; id <= 2 * 257; id += 2) await open(id, {});
  expect(frames.at(-1)).toMatchObject({ kind: frameTypes.rstStream });
  await send(Uint8Array.of(0x80, 2, 0, 1, 0, 0, 0, 0));
  await session.closed;
});
