// What calls cost while an expression runs, in Kubernetes' units. Compile-time estimates of the same are in static-costs.ts.

import { textLength } from './text.ts';
import { ListValue, MapValue, ObjectValue, Opaque, Optional, type Result } from './values.ts';

/** What passing once over a text costs, by its length. */
export const traversal = 0.1;
/** What a pattern's length stands for. */
export const patternFactor = 0.25;
export const listBase = 10;
export const mapBase = 30;
export const structBase = 40;
export const authorizationCheck = 350_000;

/** What a loop over the value, or reading it, is proportional to. */
export function actualSize(value: Result | undefined): number {
  if (typeof value === 'string') return textLength(value);
  if (value instanceof ListValue || value instanceof Uint8Array) return value.length;
  if (value instanceof MapValue || value instanceof Opaque) return value.size;
  if (value instanceof ObjectValue) return value.fields().length;
  return value instanceof Optional && value.value !== undefined ? actualSize(value.value) : 1;
}

/** A call that was made. */
export interface Made {
  /** With what could not be told. */
  readonly args: readonly Result[];
  readonly result: Result;
  readonly overload: string;
}

export type CallCost = number | ((call: Made) => number);

const perLength = (factor: number) => (call: Made) => Math.ceil(actualSize(call.args[0]) * factor);

const search = ({ args }: Made): number =>
  Math.ceil((1 + actualSize(args[0])) * traversal) * Math.ceil(actualSize(args[1]) * patternFactor);

const smaller = ({ args }: Made): number => Math.ceil(Math.min(actualSize(args[0]), actualSize(args[1])) * traversal);

/** A library's values compare in one step. */
const equality = (call: Made): number => (call.args[0] instanceof Opaque ? 1 : smaller(call));

/** Reading all that is in a value. */
function traversalOf(value: Result): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(value.length * traversal);
  if (value instanceof ListValue) return value.values().reduce((sum: number, item) => sum + traversalOf(item), 0);
  if (!(value instanceof MapValue)) return 1;
  return value.keys().reduce((sum: number, key) => sum + traversalOf(key) + traversalOf(value.get(key) ?? null), 0);
}

const traversed = ({ args: [first] }: Made): number => (first === undefined ? 0 : traversalOf(first));

function selector({ args }: Made): number {
  const length = actualSize(args[1]);
  return listBase + Math.ceil(length * traversal) + Math.ceil(Math.ceil(length * 0.5) * (listBase + structBase));
}

function containsAddress({ args, overload }: Made): number {
  const range = actualSize(args[0]);
  const parsing = overload.endsWith('_string') ? Math.ceil(actualSize(args[1]) * traversal) : 0;
  const comparing = Math.ceil(2 * range * traversal);
  const masking = overload.startsWith('cidr_contains_cidr') ? Math.ceil(range * traversal) + 1 : 0;
  return comparing + masking + parsing;
}

/** The longest pattern of a named format, for which it is charged. */
const formatPattern = 128;

const validation = ({ args }: Made): number => {
  const pattern = args[0] instanceof Opaque ? args[0].size : formatPattern;
  return Math.ceil((1 + actualSize(args[1])) * traversal) * Math.ceil(pattern * patternFactor);
};

const allocating = (size: number, factor = 1): number => Math.floor(size * factor) + 1 + listBase;

/** Comparing every element with every other. */
function selfCompared(list: Result | undefined): number {
  if (!(list instanceof ListValue) || list.length === 0) return allocating(0);
  const first = list.at(0);
  const isText = typeof first === 'string' || first instanceof Uint8Array;
  return allocating(list.length * list.length, isText ? 2 + traversal : 2);
}

const made = ({ result }: Made): number => allocating(actualSize(result));
const sets =
  (factor: number) =>
  ({ args }: Made) =>
    1 + actualSize(args[0]) * actualSize(args[1]) * factor;

const table = (names: string, cost: CallCost): readonly (readonly [string, CallCost])[] =>
  names.split(' ').map((name) => [name, cost]);

/** By the name of the function. What is not here is looked up by overload, and else costs 1. */
const byName: ReadonlyMap<string, CallCost> = new Map([
  ...table('check', authorizationCheck),
  ...table('fieldSelector labelSelector', selector),
  ...table('isSorted sum max min indexOf lastIndexOf includes', traversed),
  ...table('url lowerAscii upperAscii substring trim jsonpatch.escapeKey cidr isIP isCIDR', perLength(traversal)),
  ...table('quantity isQuantity semver isSemver', perLength(traversal)),
  ...table('replace split ip.isCanonical', perLength(2 * traversal)),
  ...table('join', ({ result }) => Math.ceil(actualSize(result) * 2 * traversal)),
  ...table('find findAll', search),
  ...table('ip', (call) => (call.overload === 'cidr_ip' ? 1 : perLength(traversal)(call))),
  ...table('containsIP containsCIDR', containsAddress),
  ...table('validate', validation),
  ...table('_==_', equality),
  ...table('_!=_', smaller),
  ...table('sets.contains sets.intersects', sets(1)),
  ...table('sets.equivalent', sets(2)),
  ...table('slice lists.range reverse', made),
  ...table('flatten', ({ args }) => allocating(actualSize(args[0]), Number(args[1] ?? 1n))),
  ...table('distinct sort', ({ args }) => selfCompared(args[0])),
  ...table('@sortByAssociatedKeys', ({ args }) => selfCompared(args[1])),
]);

const byOverload: ReadonlyMap<string, CallCost> = new Map([
  ...table('string_to_bytes bytes_to_string string_format strings_quote', perLength(traversal)),
  // Upstream counts the text here, not what is sought in it.
  ...table('starts_with_string ends_with_string', perLength(traversal)),
  ...table('in_list', ({ args }) => actualSize(args[1])),
  ...['less', 'less_equals', 'greater', 'greater_equals'].flatMap((name) =>
    table(`${name}_string ${name}_bytes`, smaller),
  ),
  ...table('add_string add_bytes', ({ args }) => Math.ceil((actualSize(args[0]) + actualSize(args[1])) * traversal)),
  ...table('matches matches_string', search),
  ...table(
    'contains_string',
    ({ args }) => Math.ceil(actualSize(args[0]) * traversal) * Math.ceil(actualSize(args[1]) * traversal),
  ),
]);

/** What a call of that function costs. */
export const callCost = (name: string, overload: string): CallCost => byName.get(name) ?? byOverload.get(overload) ?? 1;
