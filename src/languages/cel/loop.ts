// Once through the body of a loop for every element of a list or entry of a map.

import type { Frame, Step } from './frame.ts';
import { noSuchOverload } from './operators.ts';
import { CelError, ListValue, MapValue, type Value } from './values.ts';

export interface LoopBody {
  readonly accumulator: number;
  readonly first: number;
  readonly second: number | undefined;
  /** Undefined: through to the end. */
  readonly condition: Step | undefined;
  readonly step: Step;
}

/** Undefined unless there is nothing to go through. */
export function iterate(frame: Frame, range: Value, loop: LoopBody): CelError | undefined {
  if (range instanceof ListValue) {
    for (let i = 0; i < range.length; i++) {
      const item = range.at(i);
      frame.locals[loop.first] = loop.second === undefined ? item : BigInt(i);
      if (loop.second !== undefined) frame.locals[loop.second] = item;
      if (!turn(frame, loop)) break;
    }
    return undefined;
  }
  if (!(range instanceof MapValue)) return noSuchOverload;
  for (const key of range.keys()) {
    frame.locals[loop.first] = key;
    if (loop.second !== undefined) frame.locals[loop.second] = range.get(key) ?? null;
    if (!turn(frame, loop)) break;
  }
  return undefined;
}

/** Once through the body; whether to go on. */
function turn(frame: Frame, { condition, step, accumulator }: LoopBody): boolean {
  if (condition) {
    if (condition(frame) === false) return false;
  } else if (frame.locals[accumulator] instanceof CelError) {
    return false;
  }
  frame.locals[accumulator] = step(frame);
  return true;
}
