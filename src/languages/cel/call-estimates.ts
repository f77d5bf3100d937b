// What a call can cost and how large its result can be, by function: estimates for static-costs.ts in Kubernetes' units.

import { authorizationCheck, listBase, patternFactor, structBase, traversal } from './runtime-costs.ts';
import { atMost, exactly, nothing, plus, type Range, scaled, times, unbounded, unknownSize } from './sizes.ts';
import type { Expr } from './syntax.ts';
import { sameType, type Type } from './types.ts';

/** A part of a call, and what is known of its size. */
export interface Node {
  readonly expr: Expr | undefined;
  readonly path: readonly string[] | undefined;
  readonly type: Type;
  readonly size: Range | undefined;
}

export interface EstimatedCall {
  readonly name: string;
  readonly overload: string;
  readonly target: Node | undefined;
  readonly args: readonly Node[];
  sizeOf(path: readonly string[] | undefined, type: Type): Range | undefined;
}

export interface Estimate {
  /** Beyond the cost of the arguments. */
  readonly cost: Range;
  readonly size?: Range;
}

type Estimator = (call: EstimatedCall) => Estimate;

export function estimateCall(call: EstimatedCall): Estimate {
  const estimator = byName.get(call.name) ?? byOverload.get(call.overload);
  return estimator ? estimator(call) : { cost: exactly(1) };
}

const fixed =
  (cost: number): Estimator =>
  () => ({ cost: exactly(cost) });

const sizeOfNode = (node: Node | undefined): Range => node?.size ?? unknownSize;
const subject = ({ target, args }: EstimatedCall): Node | undefined => target ?? args[0];

/** Once over what is passed, which stays as large. */
const traverses =
  (factor: number, keepsSize: boolean): Estimator =>
  (call) => {
    const size = sizeOfNode(subject(call));
    return keepsSize ? { cost: scaled(size, factor), size } : { cost: scaled(size, factor) };
  };

/** What the elements of a list are. */
function elementOf(node: Node | undefined): Node | undefined {
  if (node?.type.kind !== 'list') return undefined;
  return { expr: undefined, path: node.path && [...node.path, '@items'], type: node.type.element, size: undefined };
}

const elementSize = (call: EstimatedCall, element: Node): Range =>
  call.sizeOf(element.path, element.type) ?? unknownSize;

/** One step for each element, and once over those that are texts. */
const eachElement: Estimator = (call) => {
  const element = elementOf(call.target);
  const size = sizeOfNode(call.target);
  if (!element) return { cost: scaled(size, traversal) };
  const isText = element.type.kind === 'string' || element.type.kind === 'bytes';
  const step = isText ? plus(exactly(1), scaled(elementSize(call, element), traversal)) : exactly(1);
  return { cost: times(size, step) };
};

const selector: Estimator = ({ args: [text] }) => {
  const size = sizeOfNode(text);
  const requirements = scaled(scaled(size, 0.5), listBase + structBase);
  return { cost: plus(exactly(listBase), scaled(size, traversal), requirements) };
};

/** How large a text can become when parts of it are replaced. */
const replaced: Estimator = ({ target, args: [sought, by] }) => {
  const [size, from, to] = [sizeOfNode(target), sizeOfNode(sought), sizeOfNode(by)];
  const count = { min: 0, max: 0 };
  const kept = { min: 0, max: 0 };
  if (from.min === 0) {
    count.max = size.max + 1;
    kept.max = size.max;
  } else if (to.max <= from.min) kept.max = size.max;
  else count.max = Math.ceil(size.max / from.min);
  if (from.max === 0) {
    count.min = size.min + 1;
    kept.min = size.min;
  } else if (from.max <= to.min) kept.min = size.min;
  else count.min = Math.ceil(size.min / from.max);
  return { cost: scaled(size, 2 * traversal), size: plus(times(count, to), kept) };
};

const split: Estimator = ({ target, args: [, limit] }) => {
  const size = sizeOfNode(target);
  return { cost: scaled(size, 2 * traversal), size: atMost(literalNumber(limit) ?? size.max) };
};

function literalNumber(node: Node | undefined): number | undefined {
  const literal = node?.expr?.kind === 'literal' ? node.expr.value : undefined;
  return typeof literal === 'bigint' ? Math.max(0, Number(literal)) : undefined;
}

const join: Estimator = (call) => {
  const list = sizeOfNode(call.target);
  const element = elementOf(call.target);
  const elements = element ? times(list, elementSize(call, element)) : nothing;
  const gaps = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) };
  const [separator] = call.args;
  const size = separator ? plus(elements, times(sizeOfNode(separator), gaps)) : elements;
  return { cost: scaled(size, traversal), size };
};

/** A pattern tried on a text; an empty text costs something too. */
function searchCost(text: Node | undefined, pattern: Node | undefined): Range {
  return times(scaled(plus(sizeOfNode(text), exactly(1)), traversal), scaled(sizeOfNode(pattern), patternFactor));
}

const find: Estimator = ({ target, args: [pattern] }) => ({
  cost: searchCost(target, pattern),
  size: atMost(sizeOfNode(target).max),
});

/** Addresses are of 4 or 16 bytes. */
const address = { min: 4, max: 16 };

const containsAddress: Estimator = ({ overload, args: [other] }) => {
  const parsing = overload.endsWith('_string') ? scaled(sizeOfNode(other), traversal) : nothing;
  const comparing = scaled(plus(address, address), traversal);
  const masking = overload.startsWith('cidr_contains_cidr') ? plus(scaled(address, traversal), exactly(1)) : nothing;
  return { cost: plus(comparing, masking, parsing) };
};

/** As long as the longest pattern of a named format. */
const formatPattern = 128;
const longestFormat = 64;

const validate: Estimator = ({ args: [text] }) => ({
  cost: scaled(scaled(sizeOfNode(text), traversal), formatPattern * patternFactor),
});

/** Types of Kubernetes that compare in one step. */
const small = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
]);

const comparison: Estimator = ({ args: [left, right] }) => {
  const max = Math.min(sizeOfNode(left).max, sizeOfNode(right).max);
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, traversal) };
};

const equality: Estimator = (call) => {
  const [left, right] = call.args;
  if (left && right && 'name' in left.type && sameType(left.type, right.type)) {
    if (small.has(left.type.name)) return { cost: exactly(1) };
    if (left.type.name === 'kubernetes.NamedFormat') return { cost: scaled({ min: 1, max: longestFormat }, traversal) };
    if (left.type.name === 'kubernetes.URL') {
      const max = left.size && right.size ? Math.max(left.size.max, right.size.max) : 1;
      return { cost: scaled({ min: 1, max }, traversal) };
    }
  }
  return comparison(call);
};

const allocating = (size: Range, factor = 1): Estimate => ({
  cost: plus(scaled(size, factor), exactly(1 + listBase)),
  size,
});

const sets =
  (factor: number): Estimator =>
  ({ args: [a, b] }) => ({ cost: plus(scaled(times(sizeOfNode(a), sizeOfNode(b)), factor), exactly(1)) });

const slice: Estimator = ({ target, args: [start, end] }) =>
  allocating(exactly(Math.max(0, (literalNumber(end) ?? sizeOfNode(target).max) - (literalNumber(start) ?? 0))));

const selfCompared =
  (keys: (call: EstimatedCall) => Node | undefined): Estimator =>
  (call) => {
    const node = keys(call);
    const size = sizeOfNode(node);
    const element = elementOf(node)?.type.kind;
    return allocating(times(size, size), element === 'string' || element === 'bytes' ? 2 + traversal : 2);
  };

const joined: Estimator = ({ overload, args: [left, right] }) => {
  const size = plus(sizeOfNode(left), sizeOfNode(right));
  return { cost: overload === 'add_list' ? exactly(1) : scaled(size, traversal), size };
};

const table = (names: string, estimator: Estimator): readonly (readonly [string, Estimator])[] =>
  names.split(' ').map((name) => [name, estimator]);

const byName: ReadonlyMap<string, Estimator> = new Map([
  ...table('check', fixed(authorizationCheck)),
  ...table('fieldSelector labelSelector', selector),
  ...table('isSorted sum max min indexOf lastIndexOf includes', eachElement),
  ...table('url jsonpatch.escapeKey lowerAscii upperAscii substring trim', traverses(traversal, true)),
  ...table('cidr isIP isCIDR quantity isQuantity semver isSemver', traverses(traversal, false)),
  ...table('ip.isCanonical', traverses(2 * traversal, false)),
  ...table('ip', (call) => (call.overload === 'cidr_ip' ? { cost: exactly(1) } : traverses(traversal, false)(call))),
  ...table('replace', replaced),
  ...table('split', split),
  ...table('join', join),
  ...table('find findAll', find),
  ...table('containsIP containsCIDR', containsAddress),
  ...table('validate', validate),
  ...table('_==_', equality),
  ...table('_!=_', comparison),
  ...table('sets.contains sets.intersects', sets(1)),
  ...table('sets.equivalent', sets(2)),
  ...table('slice', slice),
  ...table('lists.range', ({ args: [count] }) => allocating(exactly(literalNumber(count) ?? unbounded))),
  ...table('flatten', ({ target, args: [depth] }) =>
    allocating(sizeOfNode(target), depth ? (literalNumber(depth) ?? unbounded) : 1),
  ),
  ...table('distinct', ({ target }) => {
    const size = sizeOfNode(target);
    return allocating(times(size, size), 2);
  }),
  ...table(
    'sort',
    selfCompared(({ target }) => target),
  ),
  ...table(
    '@sortByAssociatedKeys',
    selfCompared(({ args }) => args[0]),
  ),
]);

const byOverload: ReadonlyMap<string, Estimator> = new Map([
  ...table('list_reverse', ({ target }) => allocating(sizeOfNode(target))),
  ...table('string_format', ({ target }) => ({ cost: scaled(sizeOfNode(target), traversal) })),
  ...table('string_to_bytes', ({ args: [text] }) => {
    const size = sizeOfNode(text);
    return { cost: scaled(size, traversal), size: { min: size.min, max: Math.min(size.max * 4, unbounded) } };
  }),
  ...table('bytes_to_string', ({ args: [bytes] }) => {
    const size = sizeOfNode(bytes);
    return { cost: scaled(size, traversal), size: { min: Math.floor(size.min / 4), max: size.max } };
  }),
  ...table('strings_quote', ({ args: [text] }) => {
    const size = sizeOfNode(text);
    const quoted = { min: size.min + 2, max: Math.min(size.max * 2 + 2, unbounded) };
    return { cost: scaled(size, traversal), size: quoted };
  }),
  ...table('starts_with_string ends_with_string', ({ args: [text] }) => ({
    cost: scaled(sizeOfNode(text), traversal),
  })),
  ...table('in_list', ({ args: [, list] }) => ({ cost: sizeOfNode(list) })),
  ...table('matches_string', ({ target, args: [pattern] }) => ({ cost: searchCost(target, pattern) })),
  ...table('contains_string', ({ target, args: [text] }) => ({
    cost: times(scaled(sizeOfNode(target), traversal), scaled(sizeOfNode(text), traversal)),
  })),
  ...table('add_string add_bytes add_list', joined),
  ...['less', 'less_equals', 'greater', 'greater_equals'].flatMap((name) =>
    table(`${name}_string ${name}_bytes`, comparison),
  ),
]);
