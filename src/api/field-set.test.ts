import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  canonical,
  decodeFieldSet,
  difference,
  eachField,
  type FieldSet,
  type FieldSetDraft,
  has,
  intersection,
  leaf,
  pathText,
  recursiveDifference,
  union,
} from './field-set.ts';

type Path = readonly string[];

/** The set, built path by path: slow and plain. */
function setOf(paths: readonly Path[]): FieldSet {
  const root: FieldSetDraft = {};
  for (const path of paths) {
    let node = root;
    for (const element of path) node = (node[element] ??= {}) as FieldSetDraft;
  }
  for (const path of paths) {
    let node: FieldSet = root;
    for (const element of path) node = node[element] as FieldSet;
    if (Object.keys(node).some((element) => element !== '.')) (node as FieldSetDraft)['.'] = leaf;
  }
  return canonical(root);
}

function pathsOf(set: FieldSet): string[] {
  const paths: string[] = [];
  eachField(set, (path) => paths.push(path.join(' ')));
  return paths.sort();
}

const element = fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'k:{"n":20}', 'v:"x"');
const somePaths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 6 });

const texts = (paths: readonly Path[]) => [...new Set(paths.map((path) => path.join(' ')))].sort();

test('the operations are those of sets of paths', () => {
  fc.assert(
    fc.property(somePaths, somePaths, (left, right) => {
      const [a, b] = [setOf(left), setOf(right)];
      const [as, bs] = [texts(left), texts(right)];
      expect(pathsOf(union(a, b))).toEqual([...new Set([...as, ...bs])].sort());
      expect(pathsOf(difference(a, b))).toEqual(as.filter((path) => !bs.includes(path)));
      expect(pathsOf(intersection(a, b))).toEqual(as.filter((path) => bs.includes(path)));
      const below = (path: string) => bs.some((other) => path === other || path.startsWith(`${other} `));
      expect(pathsOf(recursiveDifference(a, b))).toEqual(as.filter((path) => !below(path)));
      for (const path of left) expect(has(a, path)).toBe(true);
    }),
  );
});

test('results are canonical, and operands are shared where nothing differs', () => {
  fc.assert(
    fc.property(somePaths, somePaths, (left, right) => {
      const [a, b] = [setOf(left), setOf(right)];
      for (const set of [union(a, b), difference(a, b), intersection(a, b)]) {
        expect(JSON.stringify(canonical(set))).toBe(JSON.stringify(set));
        expect(decodeFieldSet(set)).toEqual(set);
      }
      expect(pathsOf(union(union(a, b), b))).toEqual(pathsOf(union(a, b)));
      expect(difference(a, setOf([['f:none']]))).toBe(a);
    }),
  );
});

test('paths read as upstream prints them, numbers in their order', () => {
  const paths: string[] = [];
  const ports = { 'k:{"port":443,"protocol":"TCP"}': leaf, 'k:{"port":53,"protocol":"UDP"}': leaf };
  eachField({ 'f:spec': { 'f:ports': { ...ports, '.': leaf }, 'f:tags': { 'v:"a"': leaf } } }, (path) => {
    paths.push(pathText(path));
  });
  expect(paths).toEqual([
    '.spec.ports',
    '.spec.ports[port=53,protocol="UDP"]',
    '.spec.ports[port=443,protocol="TCP"]',
    '.spec.tags[="a"]',
  ]);
});

test('elements that are none are refused', () => {
  expect(decodeFieldSet({ nonsense: {} })).toBeUndefined();
  expect(decodeFieldSet({ 'k:{broken': {} })).toBeUndefined();
  expect(decodeFieldSet({ 'k:{"b":1,"a":2}': {} })).toEqual({ 'k:{"a":2,"b":1}': {} });
});
