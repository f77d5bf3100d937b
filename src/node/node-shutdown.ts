// A node that is shut down gracefully: its ordinary pods end first, then the critical ones, each within their share of the time.

import { seconds, type Clock, type Duration } from '../base/clock.ts';
import type { Pod } from '../kinds/generated/types/core-v1.ts';
import type { Refusal } from './admission.ts';
import { readDuration } from './behaviors.ts';
import { isEnded } from './pod-record.ts';
import type { PodWorker } from './pod-worker.ts';

export const shutdownAnnotation = 'portolan.dev/shutdown';

/** The kubelet's shutdownGracePeriod less shutdownGracePeriodCriticalPods, and the latter. */
export interface ShutdownPeriods {
  readonly ordinary: Duration;
  readonly critical: Duration;
}

/** Reads `30s` or `30s, 10s critical`: the whole time, and how much of it is kept for critical pods. Undefined: it says neither. */
export function readShutdown(text: string): ShutdownPeriods | undefined {
  const [, whole = '', kept] = /^(\w+)(?:, (\w+) critical)?$/.exec(text.trim()) ?? [];
  const all = readDuration(whole);
  const critical = kept === undefined ? 0 : readDuration(kept);
  return all === undefined || critical === undefined || critical > all
    ? undefined
    : { ordinary: all - critical, critical };
}

export const shutdownRefusal: Refusal = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
};

const message = 'Pod was terminated in response to imminent node shutdown.';

const systemCritical = 2_000_000_000;

/** Who ends when, and with how much time at most. */
export const shutdownGroups = <T extends { readonly pod: () => Pod }>(
  pods: readonly T[],
  { ordinary, critical }: ShutdownPeriods,
): readonly { readonly members: readonly T[]; readonly period: Duration }[] => {
  const isCritical = ({ pod }: T): boolean => (pod().spec.priority ?? 0) >= systemCritical;
  return [
    { members: pods.filter((each) => !isCritical(each)), period: ordinary },
    { members: pods.filter(isCritical), period: critical },
  ];
};

/** Resolves when all have ended, or had their time. `goes`: whether the shutdown goes on. */
export async function endAll(
  workers: readonly PodWorker[],
  periods: ShutdownPeriods,
  { clock, goes }: { readonly clock: Clock; readonly goes: () => boolean },
): Promise<void> {
  for (const { members, period } of shutdownGroups(workers, periods)) {
    const live = members.filter((worker) => !isOver(worker));
    for (const worker of live) worker.end(endingOf(worker, period, clock));
    for (let waited = 0; waited < period && goes() && !live.every(isOver); waited += seconds(1))
      await clock.sleep(seconds(1));
  }
}

const isOver = ({ record, pod }: PodWorker): boolean => record.rejected !== undefined || isEnded(pod(), record);

const endingOf = ({ pod }: PodWorker, period: Duration, clock: Clock) => ({
  since: clock.now(),
  grace: Math.min(Number(pod().spec.terminationGracePeriodSeconds ?? 30) * 1000, period),
  reason: 'Terminated',
  message,
  disrupts: true as const,
});
