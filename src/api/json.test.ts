import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDeeperThan, maxDepth, parseJson, scan } from './json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ['', 'unexpected end of JSON input'],
  ['   ', 'unexpected end of JSON input'],
  ['{"metadata":{"name":"one"', 'unexpected end of JSON input'],
  ['{"a":1} more', "invalid character 'm' after top-level value"],
  ['{"a":1}{"a":2}', "invalid character '{' after top-level value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['apiVersion: v1', "invalid character 'a' looking for beginning of value"],
  ['nul', 'unexpected end of JSON input'],
  ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  ['"\u0001"', "invalid character '\\x01' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['01', "invalid character '1' after top-level value"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['[é', "invalid character 'Ã' looking for beginning of value"],
])('%j is refused in the words of Go', (text, message) => {
  expect(() => parseJson(bytes(text))).toThrow(message);
});

test('fields given twice are found with their places, when asked', () => {
  const text = '{"metadata":{"name":"a","name":"b"},"spec":{"c":[{"i":1},{"i":1,"i":2,"i":3}]}}';
  expect(parseJson(bytes(text), { strict: true })).toEqual({
    value: { metadata: { name: 'b' }, spec: { c: [{ i: 1 }, { i: 3 }] } },
    duplicates: ['duplicate field "metadata.name"', 'duplicate field "spec.c[1].i"'],
  });
  expect(parseJson(bytes(text)).duplicates).toEqual([]);
});

test('a body cannot reach the prototype of anything', () => {
  const { value } = parseJson(bytes('{"__proto__":{"polluted":true}}'));
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('documents that nest too deep are refused, however much they hold besides', () => {
  const nested = (depth: number, inner = '1') => '{"a":['.repeat(depth / 2) + inner + ']}'.repeat(depth / 2);
  expect(() => parseJson(bytes(nested(maxDepth + 2)))).toThrow('exceeded max depth');
  expect(() => parseJson(bytes(nested(10_000)), { strict: true })).toThrow('exceeded max depth');
  const brackets = JSON.stringify('\\"[{'.repeat(1000));
  const { value } = parseJson(bytes(nested(maxDepth, `${brackets},"ends with a \\\\",1`)));
  expect(isDeeperThan(value, maxDepth)).toBe(false);
  expect(isDeeperThan(value, maxDepth - 1)).toBe(true);
});

test('the careful reader agrees with JSON.parse on what is JSON', () => {
  fc.assert(fc.property(fc.json(), (text) => scan(text).length === 0));
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom('', ',', '{', '"', '\\', '0'), (json, at, inserted) => {
      const cut = at % (json.length + 1);
      const text = json.slice(0, cut) + inserted + json.slice(cut + 1);
      return refuses(scan, text) === refuses(JSON.parse, text);
    }),
  );
});

function refuses(read: (text: string) => unknown, text: string): boolean {
  try {
    read(text);
    return false;
  } catch {
    return true;
  }
}
