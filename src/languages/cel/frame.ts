// One run of an expression: its variables, and what it has cost so far.

import type { CallCost, Made } from './runtime-costs.ts';
import type { Result } from './values.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** One run of an expression. */
export interface Frame {
  readonly variables: Variables;
  /** Values of the variables already read. */
  readonly globals: (Result | undefined)[];
  /** Variables of loops. */
  readonly locals: (Result | undefined)[];
  cost: number;
  readonly limit: number;
}

export type Step = (frame: Frame) => Result;

/** Thrown when a run has cost more than it may. */
export class CostExceeded extends Error {}

export function charge(frame: Frame, cost: number): void {
  frame.cost += cost;
  if (frame.cost > frame.limit) throw new CostExceeded('operation cancelled: actual cost limit exceeded');
}

export function chargeCall(frame: Frame, cost: CallCost, call: Made): void {
  charge(frame, typeof cost === 'number' ? cost : cost(call));
}
