// The closures that an expression is planned as: each computes one piece of it from the frame of a run, and charges what upstream does.

import { equal } from './compare.ts';
import { charge, chargeCall, type Frame, type Step, type Variables } from './frame.ts';
import { GrowingList, GrowingMap, insertAll } from './growing.ts';
import { iterate, type LoopBody } from './loop.ts';
import { hasField, noSuchOverload, optionalField, selectField } from './operators.ts';
import { callCost, listBase, mapBase, structBase } from './runtime-costs.ts';
import type { ObjectType, Type } from './types.ts';
import { CelError, keyOf, ListValue, ObjectLiteral, Optional, type Result, type Value, valueOf } from './values.ts';

export const constant =
  (value: Result): Step =>
  () =>
    value;

/** `lazy`: computes the local when it is first asked for. */
export function localStep(slot: number, lazy: Step | undefined, cost: number): Step {
  if (!lazy) {
    return (frame) => {
      charge(frame, cost);
      return frame.locals[slot] as Result;
    };
  }
  return (frame) => {
    charge(frame, cost);
    return (frame.locals[slot] ??= lazy(frame));
  };
}

/** What the caller gave under a name, read once in a run. */
export const variableStep =
  ({ name, slot, type }: Variable, cost: number): Step =>
  (frame) => {
    charge(frame, cost);
    return (frame.globals[slot] ??= readVariable(frame.variables, name, type));
  };

interface Variable {
  readonly name: string;
  readonly slot: number;
  readonly type: Type;
}

function readVariable(variables: Variables, name: string, type: Type): Result {
  const raw = variables[name];
  if (raw === undefined) return new CelError(`no such attribute(s): ${name}`);
  return raw instanceof CelError ? raw : valueOf(raw, type);
}

export const fieldStep =
  (operand: Step, field: string, cost: number): Step =>
  (frame) => {
    const value = operand(frame);
    charge(frame, cost);
    return value instanceof CelError ? value : selectField(value, field);
  };

/** Asking whether something is there is free in Kubernetes. */
export const presenceStep =
  (operand: Step, field: string, cost: number): Step =>
  (frame) => {
    const value = operand(frame);
    charge(frame, cost);
    return value instanceof CelError ? value : hasField(value, field);
  };

/** `optional`: the places of elements written `?x`, which are left out when they hold nothing. */
export const listStep =
  (elements: readonly Step[], optional: ReadonlySet<number>): Step =>
  (frame) => {
    const items: Value[] = [];
    for (const [i, step] of elements.entries()) {
      const value = step(frame);
      if (value instanceof CelError) return value;
      const kept = optional.has(i) ? heldBy(value) : value;
      if (kept instanceof CelError) return kept;
      if (kept !== undefined) items.push(kept);
    }
    charge(frame, listBase);
    return new ListValue(items);
  };

type EntryStep<Key> = readonly [key: Key, value: Step, optional: boolean];

export const mapStep =
  (entries: readonly EntryStep<Step>[]): Step =>
  (frame) => {
    const map = new GrowingMap();
    for (const [keyStep, valueStep, optional] of entries) {
      const key = keyStep(frame);
      if (key instanceof CelError) return key;
      const kept = entryValue(frame, valueStep, optional);
      if (kept instanceof CelError) return kept;
      const failure = kept === undefined ? undefined : map.insert(key, kept);
      if (failure) return failure;
    }
    charge(frame, mapBase);
    return map;
  };

export const structStep =
  (type: ObjectType, entries: readonly EntryStep<string>[]): Step =>
  (frame) => {
    const fields = new Map<string, Value>();
    for (const [name, step, optional] of entries) {
      const kept = entryValue(frame, step, optional);
      if (kept instanceof CelError) return kept;
      if (kept !== undefined) fields.set(name, kept);
    }
    charge(frame, structBase);
    return new ObjectLiteral(type, fields);
  };

function entryValue(frame: Frame, step: Step, optional: boolean): Result | undefined {
  const value = step(frame);
  return optional && !(value instanceof CelError) ? heldBy(value) : value;
}

/** What an entry written `?x` holds; undefined: it is left out. */
const heldBy = (value: Value): Result | undefined => (value instanceof Optional ? value.value : noSuchOverload);

/** `&&` and `||`: one side may decide although the other cannot be told. */
export const logicalStep =
  (left: Step, right: Step, decides: boolean): Step =>
  (frame) => {
    const first = left(frame);
    if (first === decides) return decides;
    const second = right(frame);
    if (second === decides) return decides;
    if (first instanceof CelError) return first;
    if (second instanceof CelError) return second;
    return typeof first === 'boolean' && typeof second === 'boolean' ? !decides : noSuchOverload;
  };

export const conditionalStep =
  (condition: Step, yes: Step, no: Step): Step =>
  (frame) => {
    const holds = condition(frame);
    if (holds === true) return yes(frame);
    if (holds === false) return no(frame);
    return holds instanceof CelError ? holds : noSuchOverload;
  };

/** `==` and `!=`. */
export function equalityStep(left: Step, right: Step, holds: boolean): Step {
  const cost = callCost(holds ? '_==_' : '_!=_', '');
  const overload = holds ? 'equals' : 'not_equals';
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    const failure = a instanceof CelError ? a : b instanceof CelError ? b : undefined;
    const result = failure ?? equal(a as Value, b as Value) === holds;
    chargeCall(frame, cost, { args: [a, b], result, overload });
    return result;
  };
}

/** Finds an element of a list or map. `cost`: what the container adds to it. */
export const elementStep =
  (container: Step, key: Step, { find, cost }: ElementAccess): Step =>
  (frame) => {
    const whole = container(frame);
    const place = key(frame);
    charge(frame, cost);
    if (whole instanceof CelError || place instanceof CelError) {
      charge(frame, 1);
      return whole instanceof CelError ? whole : place;
    }
    return charged(frame, find(whole, place));
  };

interface ElementAccess {
  readonly find: (container: Value, key: Value) => Result;
  readonly cost: number;
}

/** An optional element that is not there costs nothing. */
function charged(frame: Frame, found: Result): Result {
  if (!(found instanceof Optional) || found.value !== undefined) charge(frame, 1);
  return found;
}

export const optionalFieldStep =
  (operand: Step, field: string, cost: number): Step =>
  (frame) => {
    const value = operand(frame);
    charge(frame, cost);
    return charged(frame, value instanceof CelError ? value : optionalField(value, field));
  };

/** `a.or(b)`, `a.orValue(b)`: what is not needed is not computed, and choosing is free. */
export const fallbackStep =
  (target: Step, other: Step, unwraps: boolean): Step =>
  (frame) => {
    const value = target(frame);
    if (value instanceof CelError) return value;
    if (!(value instanceof Optional)) return noSuchOverload;
    if (value.value === undefined) return other(frame);
    return unwraps ? value.value : value;
  };

export const lookupStep =
  (sought: Step, known: ReadonlySet<Key>): Step =>
  (frame) => {
    const value = sought(frame);
    if (value instanceof CelError) return value;
    const key = keyOf(value);
    return key !== undefined && known.has(key);
  };

type Key = NonNullable<ReturnType<typeof keyOf>>;

export const appendStep =
  (gathered: Step, element: Step): Step =>
  (frame) => {
    const list = gathered(frame);
    if (list instanceof CelError) return list;
    const value = element(frame);
    if (value instanceof CelError) return value;
    charge(frame, listBase + 1);
    if (!(list instanceof GrowingList)) return noSuchOverload;
    list.append(value);
    return list;
  };

/** `entry`: a map of entries, or a key and its value. */
export const insertStep =
  (gathered: Step, entry: readonly Step[]): Step =>
  (frame) => {
    const map = gathered(frame);
    if (map instanceof CelError) return map;
    const values: Value[] = [];
    for (const step of entry) {
      const value = step(frame);
      if (value instanceof CelError) return value;
      values.push(value);
    }
    charge(frame, 1);
    return map instanceof GrowingMap ? (insertAll(map, values) ?? map) : noSuchOverload;
  };

export const notStrictlyFalse =
  (operand: Step): Step =>
  (frame) => {
    const value = operand(frame);
    charge(frame, 1);
    return value !== false;
  };

export const loopStep =
  (range: Step, init: Step, { loop, result }: { readonly loop: LoopBody; readonly result: Step }): Step =>
  (frame) => {
    const whole = range(frame);
    if (whole instanceof CelError) return whole;
    frame.locals[loop.accumulator] = init(frame);
    return iterate(frame, whole, loop) ?? result(frame);
  };

/** The local is computed anew, when `result` first asks for it. */
export const bindingStep =
  (slot: number, result: Step): Step =>
  (frame) => {
    frame.locals[slot] = undefined;
    return result(frame);
  };
