// Calls of functions as steps: the arguments, the overload that takes them, its cost.

import type { FunctionDeclaration, Overload } from './environment.ts';
import { charge, chargeCall, type Frame, type Step } from './frame.ts';
import { type CallCost, callCost } from './runtime-costs.ts';
import { dynType, type Type } from './types.ts';
import {
  CelError,
  Composite,
  Duration,
  ListValue,
  MapValue,
  ObjectValue,
  Opaque,
  type Result,
  Timestamp,
  typeNameOf,
  TypeValue,
  Uint,
  type Value,
} from './values.ts';

type Accepts = (value: Value) => boolean;

interface Choice {
  readonly accepts: readonly Accepts[];
  readonly overload: string;
  readonly call: (...args: Value[]) => Result;
  readonly cost: CallCost;
}

export function callStep(
  declaration: FunctionDeclaration,
  overloads: readonly Overload[],
  steps: readonly Step[],
): Step {
  const { call, name } = declaration;
  if (call && steps.length === 2) return operatorStep(name, overloads, call, steps as [Step, Step]);
  const choices = overloads.flatMap((each) => choiceOf(name, each, call));
  const usual = choices[0];
  return (frame) => {
    const args: Value[] = [];
    const failure = evaluate(frame, steps, args);
    if (failure) {
      // A call that was due is paid for, with what it was given.
      if (usual && args.length === steps.length) chargeFailed(frame, usual.cost, args, failure);
      return failure;
    }
    const choice = choices.find(({ accepts }) => accepts.every((accept, i) => accept(args[i] as Value)));
    if (!choice) return new CelError(`no such overload: ${name}(${args.map(typeNameOf).join(', ')})`);
    const result = choice.call(...args);
    chargeCall(frame, choice.cost, { args, result, overload: choice.overload });
    return result;
  };
}

/** Gathers the values; the first that cannot be told, if there is one. Of three and more, those behind it are not asked for. */
function evaluate(frame: Frame, steps: readonly Step[], args: Value[]): CelError | undefined {
  let failure: CelError | undefined;
  for (const step of steps) {
    const value = step(frame);
    args.push(value as Value);
    if (!(value instanceof CelError)) continue;
    failure ??= value;
    if (steps.length > 2) return failure;
  }
  return failure;
}

function chargeFailed(frame: Frame, cost: CallCost, args: readonly Result[], failure: CelError): void {
  const due = typeof cost === 'number' ? cost : cost({ args, result: failure, overload: '' });
  charge(frame, Number.isFinite(due) ? due : 1);
}

function choiceOf(name: string, overload: Overload, shared: FunctionDeclaration['call']): readonly Choice[] {
  const call = overload.call ?? shared;
  if (!call) return [];
  const cost = callCost(name, overload.id);
  return [{ accepts: overload.parameters.map(acceptor), overload: overload.id, call, cost }];
}

/** Operators tell by the values what to do; which overload it was matters for the cost alone. */
function operatorStep(
  name: string,
  overloads: readonly Overload[],
  call: (...args: Value[]) => Result,
  [left, right]: readonly [Step, Step],
): Step {
  const costs = overloads.map(
    (each) => [acceptor(each.parameters[0] ?? dynType), callCost(name, each.id), each.id] as const,
  );
  const fixed = costs.length === 1 || costs.every(([, cost]) => cost === 1);
  const [, only, onlyId = ''] = (fixed ? costs[0] : undefined) ?? [];
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    const failure = a instanceof CelError ? a : b instanceof CelError ? b : undefined;
    const result = failure ?? call(a as Value, b as Value);
    if (only === 1) charge(frame, 1);
    else if (only !== undefined) chargeCall(frame, only, { args: [a, b], result, overload: onlyId });
    else {
      const [, cost = 1, overload = ''] = costs.find(([accepts]) => accepts((name === '@in' ? b : a) as Value)) ?? [];
      chargeCall(frame, cost, { args: [a, b], result, overload });
    }
    return result;
  };
}

/** Whether a value is of the type, as far as a function must know. */
function acceptor(type: Type): Accepts {
  switch (type.kind) {
    case 'int':
      return (value) => typeof value === 'bigint';
    case 'uint':
      return (value) => value instanceof Uint;
    case 'double':
      return (value) => typeof value === 'number';
    case 'bool':
      return (value) => typeof value === 'boolean';
    case 'string':
      return (value) => typeof value === 'string';
    case 'bytes':
      return (value) => value instanceof Uint8Array;
    case 'null':
      return (value) => value === null;
    case 'timestamp':
      return (value) => value instanceof Timestamp;
    case 'duration':
      return (value) => value instanceof Duration;
    case 'list':
      return acceptsList(type.element);
    case 'map':
      return (value) => value instanceof MapValue;
    case 'type':
      return (value) => value instanceof TypeValue;
    case 'wrapper':
      return acceptsOrNull(acceptor(type.of));
    case 'opaque':
      return (value) => value instanceof Composite && value.typeName === type.name;
    case 'object':
      return (value) => (value instanceof ObjectValue || value instanceof Opaque) && value.typeName === type.name;
    default:
      return () => true;
  }
}

const acceptsOrNull =
  (accepts: Accepts): Accepts =>
  (value) =>
    value === null || accepts(value);

/** By its first element: lists of several types go by what they begin with. What lists of lists are taken for takes any. */
function acceptsList(element: Type): Accepts {
  if (element.kind === 'list') return (value) => value instanceof ListValue;
  const accepts = acceptor(element);
  return (value) => value instanceof ListValue && (value.length === 0 || accepts(value.at(0)));
}
