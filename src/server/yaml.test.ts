import { expect, test } from 'vitest';
import { parseYaml, unmarshalErrors } from './yaml.ts';

test('words and numbers mean what they mean in YAML 1.1', () => {
  const text =
    '{a: y, b: off, c: ~, d: 010, e: 0x1F, f: 1_000, g: 1.5e3, h: "1", i: .5, j: 1.2.3, k: !!str 1, l: 2020-01-01}';
  expect(parseYaml(text).value).toEqual({
    a: true,
    b: false,
    c: null,
    d: 8,
    e: 31,
    f: 1000,
    g: 1500,
    h: '1',
    i: 0.5,
    j: '1.2.3',
    k: '1',
    l: '2020-01-01',
  });
});

test('keys become text', () => {
  expect(parseYaml('{1: a, y: b, 1.5: c}').value).toEqual({ 1: 'a', true: 'b', 1.5: 'c' });
});

test('only the first document counts, and none is null', () => {
  expect(parseYaml('a: 1\n---\na: 2\n').value).toEqual({ a: 1 });
  expect(parseYaml('# nothing\n').value).toBeNull();
  expect(parseYaml('').value).toBeNull();
});

test('a repeated key is told by its line, and the last value counts', () => {
  const { value, duplicates } = parseYaml('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n');
  expect(value).toEqual({ a: 3, b: { c: 2 } });
  expect(unmarshalErrors(duplicates)).toBe(
    'yaml: unmarshal errors:\n  line 4: key "c" already set in map\n  line 5: key "a" already set in map',
  );
});

test('anchors, aliases and merges are resolved', () => {
  expect(parseYaml('base: &b {x: 1, y2: 2}\nall: {<<: *b, x: 3}\nsame: *b\n').value).toEqual({
    base: { x: 1, y2: 2 },
    all: { x: 3, y2: 2 },
    same: { x: 1, y2: 2 },
  });
});

test('a document that grows by its aliases is refused', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  expect(() => parseYaml(lines.join('\n'))).toThrow('yaml: document contains excessive aliasing');
});

test.each([
  ['a:\n\tb: 1', 'yaml: line 2: found character that cannot start any token'],
  ['{a: b, c: d', "yaml: line 1: did not find expected ',' or '}'"],
  ['a: &x [*x]', "yaml: anchor 'x' value contains itself"],
  ['a: *nowhere', "yaml: unknown anchor 'nowhere' referenced"],
])('%j is refused in the words of Go', (text, message) => {
  expect(() => parseYaml(text)).toThrow(message);
});

test('__proto__ is a key like any other', () => {
  expect(Object.keys(parseYaml('{__proto__: {a: 1}}').value as object)).toEqual(['__proto__']);
});
