// Sets of fields, in the very form managedFields keep them in (FieldsV1): a tree of path elements in which an empty node, or one with a ".",
// is a member. Sets are never changed: what an operation leaves alone is shared with its operands.

import { goJson } from './go-text.ts';

/**
 * `{ "f:spec": { "f:replicas": {} } }`. Elements: `f:` a field or key, `k:` a list entry by its keys, `v:` a list entry by its value, `i:` an
 * index. The root is no member of itself, so an empty root is the empty set.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set under construction. */
export type FieldSetDraft = Record<string, FieldSet>;

/** A member without children. Also the empty set. */
export const leaf: FieldSet = Object.freeze({});

const self = '.';

export const isEmpty = (set: FieldSet): boolean => {
  for (const _ in set) return false;
  return true;
};

export const isMember = (node: FieldSet): boolean => node[self] !== undefined || isEmpty(node);

/** Whether the field at the path of elements is in the set. */
export function has(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return path.length > 0 && node !== undefined && isMember(node);
}

/** A node with these children; undefined when it would be neither a member nor have any. */
export function nodeOf(member: boolean, children: FieldSetDraft): FieldSet | undefined {
  if (isEmpty(children)) return member ? leaf : undefined;
  return member ? { [self]: leaf, ...children } : children;
}

/** The fields in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a;
  return isEmpty(a) ? b : (unitedChildren(a, b) ?? a);
}

/** The children of both nodes; undefined when those of `a` are all. */
function unitedChildren(a: FieldSet, b: FieldSet): FieldSetDraft | undefined {
  let grown: FieldSetDraft | undefined;
  let appended = false;
  for (const element in b) {
    if (element === self) continue;
    const [mine, theirs] = [a[element], b[element] as FieldSet];
    const united = mine === undefined ? theirs : unitedNodes(mine, theirs);
    if (united === mine) continue;
    appended ||= mine === undefined;
    grown ??= withoutSelf(a);
    grown[element] = united;
  }
  return appended && grown ? inOrder(grown) : grown;
}

function unitedNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const children = unitedChildren(a, b);
  const member = isMember(a) || isMember(b);
  if (!children && member === isMember(a)) return a;
  return nodeOf(member, children ?? withoutSelf(a)) as FieldSet;
}

function withoutSelf(node: FieldSet): FieldSetDraft {
  const { [self]: _, ...children } = node;
  return children;
}

/** The fields in both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const children: FieldSetDraft = {};
  for (const element in a) {
    const [mine, theirs] = [a[element] as FieldSet, b[element]];
    if (element === self || theirs === undefined) continue;
    const node = nodeOf(isMember(mine) && isMember(theirs), intersection(mine, theirs) as FieldSetDraft);
    if (node) children[element] = node;
  }
  return children;
}

/** The fields of `a` that are not in `b`, each by itself: fields below those of `b` stay. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => subtract(a, b, false);

/** As difference, but with every field of `b` goes all that is below it. */
export const recursiveDifference = (a: FieldSet, b: FieldSet): FieldSet => subtract(a, b, true);

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  let left: FieldSetDraft | undefined;
  for (const element in b) {
    const mine = a[element];
    if (element === self || mine === undefined) continue;
    const node = subtractNode(mine, b[element] as FieldSet, recursive);
    if (node === mine) continue;
    left ??= { ...a };
    if (node) left[element] = node;
    else delete left[element];
  }
  return left ?? a;
}

function subtractNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const gone = isMember(b);
  if (gone && recursive) return undefined;
  const member = isMember(a) && !gone;
  const left = subtract(a, b, recursive);
  if (left === a && member === isMember(a)) return a;
  return nodeOf(member, withoutSelf(left));
}

/** A visitor for every field in the set, in upstream's order: the members of a node before what is below them. */
export function eachField(
  set: FieldSet,
  visit: (path: readonly string[]) => void,
  prefix: readonly string[] = [],
): void {
  const elements = Object.keys(set)
    .filter((element) => element !== self)
    .sort(compareElements);
  for (const element of elements) if (isMember(set[element] as FieldSet)) visit([...prefix, element]);
  for (const element of elements) eachField(set[element] as FieldSet, visit, [...prefix, element]);
}

/** The field a path of elements names, as messages have it: `.spec.containers[name="c"].image`. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

function elementText(element: string): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('v:')) return `[=${content}]`;
  if (element.startsWith('i:')) return `[${content}]`;
  const keys = Object.entries(JSON.parse(content) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** The children in upstream's order. */
export function inOrder(children: FieldSetDraft): FieldSetDraft {
  const elements = Object.keys(children);
  if (elements.length < 2) return children;
  const ordered = elements[0]?.startsWith('f') ? elements.toSorted() : elements.toSorted(compareElements);
  if (elements.every((element, i) => element === ordered[i])) return children;
  return Object.fromEntries(ordered.map((element) => [element, children[element] as FieldSet]));
}

/** Everything in upstream's canonical order. */
export function canonical(set: FieldSet): FieldSet {
  const children: FieldSetDraft = {};
  for (const element of Object.keys(set).sort(compareElements)) children[element] = canonical(set[element] as FieldSet);
  return children;
}

const kinds = '.fkvi';

/** Elements that do not compare as text. */
const holdsNumber = /^(?:[vi]:|k:.*":)-?\d/;

/** Upstream's order: fields by name, then keys and values by what they hold (numbers as numbers), then indices. */
export function compareElements(a: string, b: string): number {
  const kind = kinds.indexOf(a.charAt(0)) - kinds.indexOf(b.charAt(0));
  if (kind !== 0) return kind;
  if (!holdsNumber.test(a) || !holdsNumber.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return compareContents(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
}

function compareContents(a: unknown, b: unknown): number {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    return compareKeys(Object.entries(a), Object.entries(b));
  }
  const ranks = ['number', 'string', 'boolean'];
  const rank = ranks.indexOf(typeof a) - ranks.indexOf(typeof b);
  if (rank !== 0) return rank;
  return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
}

function compareKeys(a: readonly (readonly [string, unknown])[], b: readonly (readonly [string, unknown])[]): number {
  for (const [i, [name, value]] of a.entries()) {
    const other = b[i];
    if (!other) return 1;
    if (name !== other[0]) return name < other[0] ? -1 : 1;
    const order = compareContents(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Reads fieldsV1 that a client sent: undefined when an element is none, otherwise the set in canonical form. */
export function decodeFieldSet(fieldsV1: unknown): FieldSet | undefined {
  if (typeof fieldsV1 !== 'object' || fieldsV1 === null || Array.isArray(fieldsV1)) return undefined;
  const children: FieldSetDraft = {};
  for (const [name, value] of Object.entries(fieldsV1)) {
    const element = decodeElement(name);
    const node = decodeFieldSet(value);
    if (element === undefined || node === undefined) return undefined;
    children[element] = node;
  }
  return canonical(children);
}

function decodeElement(element: string): string | undefined {
  if (element === self || element.startsWith('f:')) return element;
  if (/^i:\d+$/.test(element)) return element;
  if (!/^[kv]:/.test(element)) return undefined;
  try {
    return element.slice(0, 2) + goJson(JSON.parse(element.slice(2)));
  } catch {
    return undefined;
  }
}
