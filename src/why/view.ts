// What an explanation may look at: the objects of the cluster, what was said about them, what the scheduler thinks, who deleted what.

import type { Instant } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Mirror } from '../api/mirror.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { Event } from '../kinds/core/event.ts';
import type { DeletedBy } from '../server/explains.ts';
import type { Cause, Placement, Reference, Remedy, Why } from '../kinds/why/explanation.ts';

/** What the scheduler can be asked. */
export interface SchedulerAnswers {
  /** Whether it takes care of pods with this schedulerName. */
  cares(schedulerName: string): boolean;
  /** Where a pod without a node could run: all nodes, the nearest first. */
  waiting(pod: Pod): Placement;
  remedies(pod: Pod): readonly Remedy[];
  /** How the nodes compared when it was placed; undefined once that is forgotten. */
  placed(pod: Pod): Placement | undefined;
  /** Where successors of a node's pods would go if they went one by one, in the order of the pods. */
  successors(node: string, pods: readonly Pod[]): readonly (string | undefined)[];
}

/** Before the scheduler runs. */
export const idleScheduler: SchedulerAnswers = {
  cares: () => true,
  waiting: () => ({ totalNodes: 0, fitting: 0 }),
  remedies: () => [],
  placed: () => undefined,
  successors: (_, pods) => pods.map(() => undefined),
};

/** Somebody asked for an object to go. */
export interface Deletion extends DeletedBy {
  readonly at: Instant;
}

export interface Departure {
  /** The object as it was last. */
  readonly object: KubeObject;
  readonly at: Instant;
}

export interface WhyView {
  readonly now: Instant;
  /** The mirror of one of the kinds that explanations read. */
  of<T extends KubeObject>(kind: Kind<T>): Mirror<T>;
  /** What was said about an object, the newest first. */
  events(object: KubeObject): readonly Event[];
  deletion(uid: string): Deletion | undefined;
  departure(kind: Kind, namespace: string, name: string): Departure | undefined;
  readonly scheduler: SchedulerAnswers;
  /** Look for changes that would help. */
  readonly seeksRemedies: boolean;
}

/** Says why an object is as it is. */
export type Explain<T extends KubeObject> = (object: T, view: WhyView) => Why;

export function referenceOf(kind: Kind<never>, { metadata }: KubeObject): Reference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...(metadata.namespace && { namespace: metadata.namespace }),
    name: metadata.name ?? '',
    ...(metadata.uid && { uid: metadata.uid }),
  };
}

const eventTime = ({ series, lastTimestamp, eventTime: at, firstTimestamp, metadata }: Event): string =>
  series?.lastObservedTime ?? lastTimestamp ?? at ?? firstTimestamp ?? metadata.creationTimestamp ?? '';

export const byNewest = (a: Event, b: Event): number => (eventTime(a) < eventTime(b) ? 1 : -1);

/** An event as a cause. */
export function causeOf(event: Event, about?: Reference): Cause {
  const { reason = '', message = '', source, reportingComponent } = event;
  const by = source?.component ?? reportingComponent ?? '';
  const since = eventTime(event);
  return {
    reason,
    message: message.trim(),
    ...(by && { source: by }),
    ...(since && { since }),
    ...(about && { about }),
  };
}

/** The newest event of one of these reasons. */
export const newest = (view: WhyView, object: KubeObject, ...reasons: readonly string[]): Event | undefined =>
  view.events(object).find(({ reason }) => reasons.includes(reason ?? ''));

/** Who asked for an object to go, as a cause; nothing where nobody saw it. */
export function deletionCause(view: WhyView, { metadata }: KubeObject): readonly Cause[] {
  const deletion = view.deletion(metadata.uid ?? '');
  if (!deletion) return [];
  const { user, agent, at, evicted } = deletion;
  return [
    {
      reason: evicted ? 'Evicted' : 'Deleted',
      message: `${evicted ? 'evicted through the eviction API' : 'deleted'} by ${user}${agent ? ` (${agent})` : ''}`,
      source: user,
      since: formatTime(at),
    },
  ];
}
