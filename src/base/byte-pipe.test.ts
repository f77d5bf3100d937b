import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytePipe, pour } from './byte-pipe.ts';
import { concat, textOf, utf8 } from './bytes.ts';

test('what is written is read, in order, whoever is quicker', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 9 })),
      fc.integer({ min: 1, max: 20 }),
      async (parts, limit) => {
        const [first, second] = [bytePipe(limit), bytePipe(limit)];
        const poured = pour(first, second);
        const written = (async () => {
          for (const part of parts) await first.write(part);
          first.end();
        })();
        const got: Uint8Array[] = [];
        for (let bytes = await second.read(); bytes; bytes = await second.read()) got.push(bytes);
        await Promise.all([poured, written]);
        expect(concat(...got)).toEqual(concat(...parts));
      },
    ),
    { seed: 1 },
  );
});

test('a writer waits while the pipe is full, and goes on when somebody has read or nobody will', async () => {
  const pipe = bytePipe(4);
  let done = 0;
  void pipe.write(utf8('abc')).then(() => done++);
  void pipe.write(utf8('def')).then(() => done++);
  await Promise.resolve();
  expect(done).toBe(1);
  expect(textOf((await pipe.read()) ?? new Uint8Array())).toBe('abc');
  await Promise.resolve();
  expect(done).toBe(2);
  const last = pipe.write(utf8('ghijk'));
  pipe.cancel();
  await last;
  expect(await pipe.read()).toBeUndefined();
  expect(pipe.isClosed()).toBe(true);
});
