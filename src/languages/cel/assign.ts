// Whether a value of one type may stand where another is asked for, and what the open types of a declaration then are.

import { type Type, mapParts, partsOf, sameType } from './types.ts';

/** The open types found so far. Never changed: each finding makes a new one. */
export type Found = ReadonlyMap<string, Type>;

/** With every open type replaced by what was found; what was not is left, or dyn. */
export function substitute(found: Found, type: Type, dynForRest: boolean): Type {
  if (type.kind === 'parameter') {
    const known = found.get(type.name);
    if (known) return substitute(found, known, dynForRest);
    return dynForRest ? { kind: 'dyn' } : type;
  }
  return partsOf(type).length === 0 ? type : mapParts(type, (part) => substitute(found, part, dynForRest));
}

const isDyn = (type: Type): boolean => type.kind === 'dyn' || type.kind === 'error' || type.kind === 'any';

/** What is then found; undefined: it may not. */
export function assignable(found: Found, from: Type, to: Type): Found | undefined {
  if (sameType(from, to)) return found;
  if (to.kind === 'parameter') return open(found, to.name, from, to);
  if (from.kind === 'parameter') return open(found, from.name, to, from);
  if (isDyn(from) || isDyn(to)) return found;
  if (from.kind === 'null') return acceptsNull(to) ? found : undefined;
  if (to.kind === 'null') return acceptsNull(from) ? found : undefined;
  if (from.kind === 'type' && to.kind === 'type') return found;
  if (from.kind === 'wrapper' || to.kind === 'wrapper') return unwrapped(from) === unwrapped(to) ? found : undefined;
  return sameOutside(from, to) ? assignableAll(found, partsOf(from), partsOf(to)) : undefined;
}

export function assignableAll(found: Found, from: readonly Type[], to: readonly Type[]): Found | undefined {
  if (from.length !== to.length) return undefined;
  let all: Found | undefined = found;
  for (let i = 0; i < from.length && all; i++) all = assignable(all, from[i] as Type, to[i] as Type);
  return all;
}

function open(found: Found, name: string, other: Type, self: Type): Found | undefined {
  const known = found.get(name);
  if (known) {
    const next = assignable(found, other, known);
    if (!next) return undefined;
    return saysNoMore(other, known) && !occurs(next, self, other) ? new Map(next).set(name, other) : next;
  }
  const target = resolved(found, other);
  if (target.kind === 'parameter' && target.name === name) return found;
  return occurs(found, self, other) ? undefined : new Map(found).set(name, other);
}

/** What an open type was found to be, as far as is known. */
function resolved(found: Found, type: Type): Type {
  const known = type.kind === 'parameter' ? found.get(type.name) : undefined;
  return known ? resolved(found, known) : type;
}

/** Whether one type is the other, or says less: dyn or an open type where the other is known. */
export function saysNoMore(a: Type, b: Type): boolean {
  if (isDyn(a) || a.kind === 'parameter') return true;
  if (isDyn(b) || b.kind === 'parameter' || !sameOutside(a, b)) return false;
  const [left, right] = [partsOf(a), partsOf(b)];
  return left.length === right.length && left.every((part, i) => saysNoMore(part, right[i] as Type));
}

function occurs(found: Found, self: Type, type: Type): boolean {
  if (type.kind === 'parameter') {
    if (self.kind === 'parameter' && type.name === self.name) return true;
    const known = found.get(type.name);
    return known ? occurs(found, self, known) : false;
  }
  return partsOf(type).some((part) => occurs(found, self, part));
}

const unwrapped = (type: Type): string => (type.kind === 'wrapper' ? type.of.kind : type.kind);

function acceptsNull(type: Type): boolean {
  return ['null', 'object', 'opaque', 'wrapper', 'timestamp', 'duration', 'any', 'dyn'].includes(type.kind);
}

/** The same but for what they are made of. */
function sameOutside(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return false;
  return 'name' in a && 'name' in b ? a.name === b.name : true;
}
