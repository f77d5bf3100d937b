import { expect, test } from 'vitest';
import { textOf, utf8 } from '../base/bytes.ts';
import { containerOutput } from './container-output.ts';

test('lines have the time they were finished at, and characters may be cut anywhere', async () => {
  const output = containerOutput();
  let now = 1;
  const [out, errors] = [output.to('stdout', () => now), output.to('stderr', () => now)];
  const bytes = utf8('é\nlast');
  await out.write(bytes.subarray(0, 1));
  now = 2;
  await errors.write(utf8('oh\n\n'));
  await out.write(bytes.subarray(1));
  output.close(3);
  expect(output.lines().map(({ at, stream, text }) => `${at} ${stream} ${text}`)).toEqual([
    '2 stderr oh',
    '2 stderr ',
    '2 stdout é',
    '3 stdout last',
  ]);
});

test('whoever attaches gets the unfinished line first, and nothing once gone', async () => {
  const output = containerOutput();
  const out = output.to('stdout', () => 0);
  await out.write(utf8('before\n$ '));
  let heard = '';
  const detach = output.attach(async (bytes) => void (heard += textOf(bytes)));
  await out.write(utf8('ls\n'));
  detach();
  await out.write(utf8('after'));
  expect(heard).toBe('$ ls\n');
});

test('of a long log the newest is kept', async () => {
  const output = containerOutput();
  const out = output.to('stdout', () => 0);
  for (let at = 0; at < 300; at++) await out.write(utf8(`${at} ${'x'.repeat(100_000)}\n`));
  const kept = output.lines();
  expect(kept.length * 100_000).toBeLessThan(11 * 1024 * 1024);
  expect(kept.at(-1)?.text).toMatch(/^299 /);
});
