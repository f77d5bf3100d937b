// Carries out a preemption: marks the victims, deletes them, and says so.

import type { Clock } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import { type Client, referenceTo } from '../client/client.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { Preemption } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { planDisruption } from './status.ts';

export interface PreemptTools {
  readonly client: Client;
  readonly clock: Clock;
  readonly event: RecordEvent;
  /** Called before the last victim goes: from then on the preemptor may be woken. */
  readonly almostDone: () => void;
}

/** Evicts all victims. Those that are going already are left alone. */
export async function preempt(pod: PodInfo, { node, victims }: Preemption, tools: PreemptTools): Promise<void> {
  const left = victims.filter((victim) => victim.pod.metadata.deletionTimestamp === undefined);
  for (const [i, victim] of left.entries()) {
    if (i === left.length - 1) tools.almostDone();
    await evict(victim, { pod, node }, tools);
  }
  if (left.length === 0) tools.almostDone();
}

async function evict(victim: PodInfo, by: { pod: PodInfo; node: string }, tools: PreemptTools): Promise<void> {
  const { client, clock, event } = tools;
  const target = referenceTo(victim.pod);
  const scheduler = by.pod.pod.spec?.schedulerName ?? 'default-scheduler';
  const status = planDisruption(victim.pod, scheduler, formatTime(clock.now()));
  if (status) await client.patch(Pod, target, { status }, { type: 'strategic', subresource: 'status' });
  await client.delete(Pod, target, { preconditions: { uid: victim.uid } });
  const message = `Preempted by pod ${by.pod.uid} on node ${by.node}`;
  event(victim.pod, { reason: 'Preempted', message, action: 'Preempting' });
}
