import { expect, test } from 'vitest';
import { fnv128a } from './hash.ts';

test.each([
  ['', '6c62272e07bb014262b821756295c58d'],
  ['a', 'd228cb696f1a8caf78912b704e4a8964'],
])('FNV-1a with 128 bits of %j', (text, hash) => expect(fnv128a(text)).toBe(hash));
