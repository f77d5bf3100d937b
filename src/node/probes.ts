// When a probe asks next and what its answers amount to: the counting the kubelet does, without a clock.

import type { Duration, Instant } from '../base/clock.ts';
import type { Container, Probe } from '../kinds/generated/types/core-v1.ts';
import type { ProbeAnswer, ProbeName } from './runtime.ts';

export interface ProbeState {
  /** Infinity: not before something else changes. */
  readonly nextAt: Instant;
  readonly successes: number;
  readonly failures: number;
  /** What the answers amount to. Liveness begins as passed, the others as not passed. */
  readonly passed: boolean;
}

export const probeNames: readonly ProbeName[] = ['startup', 'readiness', 'liveness'];

export const probeOf = (container: Container, name: ProbeName): Probe | undefined => container[`${name}Probe`];

export const periodOf = (probe: Probe): Duration => (probe.periodSeconds ?? 10) * 1000;

/**
 * The kubelet ticks every period since it knew the pod (`since`), for readiness since it saw the container start;
 * the first tick that asks is the one after the initial delay.
 */
export function firstProbe(name: ProbeName, probe: Probe, since: Instant, startedAt: Instant): ProbeState {
  const earliest = startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
  const from = name === 'readiness' ? startedAt : since;
  return { nextAt: tickFrom(earliest, from, periodOf(probe)), successes: 0, failures: 0, passed: name === 'liveness' };
}

const tickFrom = (earliest: Instant, since: Instant, period: Duration): Instant =>
  earliest === Infinity ? Infinity : since + Math.ceil((earliest - since) / period) * period;

/** What an answer to a question asked at `now` changes. `exhausted`: failures reached the threshold, so liveness and startup restart the container. */
export function afterAnswer(
  state: ProbeState,
  probe: Probe,
  answer: ProbeAnswer,
  now: Instant,
): { state: ProbeState; exhausted: boolean } {
  const successes = answer.success ? state.successes + 1 : 0;
  const failures = answer.success ? 0 : state.failures + 1;
  const exhausted = failures >= (probe.failureThreshold ?? 3);
  const passed = successes >= (probe.successThreshold ?? 1) || (state.passed && !exhausted);

  // A failing probe goes on asking, because each failure is told in an event.
  const settled = passed && answer.success && answer.steadyUntil !== undefined;
  const nextAt = settled ? tickFrom(answer.steadyUntil, now, periodOf(probe)) : now + periodOf(probe);
  return { state: { nextAt: Math.max(nextAt, now + periodOf(probe)), successes, failures, passed }, exhausted };
}
