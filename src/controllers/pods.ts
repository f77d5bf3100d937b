// What controllers ask about pods: do they still count, are they ready, which should go first.

import type { Duration, Instant } from '../base/clock.ts';
import { parseTime } from '../base/time.ts';
import { Pod } from '../kinds/core/pod.ts';
import { isBeingDeleted, isFinished, isReady, podCondition } from '../kinds/core/pod-facts.ts';
import { type Context, indexing } from '../reconcile/controller.ts';
import type { PodTemplateSpec } from '../kinds/generated/types/core-v1.ts';

const readySince = (pod: Pod): Instant | undefined => {
  const ready = podCondition(pod, 'Ready');
  return ready?.status === 'True' ? parseTime(ready.lastTransitionTime ?? '') : undefined;
};

/** Pods by the node they are bound to. */
export const podsByNode = indexing({
  kind: Pod,
  name: 'spec.nodeName',
  keys: ({ spec: { nodeName } }) => (nodeName ? [nodeName] : []),
});

/** The pods bound to a node, for controllers that have `podsByNode`. */
export const podsOn = (node: string, { lister }: Pick<Context, 'lister'>): readonly Pod[] =>
  lister(Pod).indexed(podsByNode.name, node);

/** How long until a ready pod has been so for `minReadySeconds`: 0 when it is available, undefined when it is not ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: Instant): Duration | undefined {
  if (!isReady(pod)) return undefined;
  if (minReadySeconds <= 0) return 0;
  const since = readySince(pod);
  return since === undefined ? undefined : Math.max(0, since + minReadySeconds * 1000 - now);
}

export const isAvailable = (pod: Pod, minReadySeconds: number, now: Instant): boolean =>
  availableIn(pod, minReadySeconds, now) === 0;

/** The new pod a template describes, to be named by the server after its owner. */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: { readonly name: string; readonly namespace: string },
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.name}-`,
      namespace: owner.namespace,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
    },
    spec: template.spec ? structuredClone(template.spec) : { containers: [] },
  };
}

/** Restarts of the container that restarted most: of the ordinary ones, then of the sidecars. */
function mostRestarts(pod: Pod): { containers: number; sidecars: number } {
  const sidecars = new Set(
    pod.spec.initContainers?.filter((each) => each.restartPolicy === 'Always').map((each) => each.name),
  );
  let [most, mostOfSidecars] = [0, 0];
  for (const each of pod.status?.containerStatuses ?? []) most = Math.max(most, each.restartCount);
  for (const each of pod.status?.initContainerStatuses ?? [])
    if (sidecars.has(each.name)) mostOfSidecars = Math.max(mostOfSidecars, each.restartCount);
  return { containers: most, sidecars: mostOfSidecars };
}

const phaseRank = { Pending: 0, Unknown: 1, Running: 2, Succeeded: 0, Failed: 0 } as const;

/** `controller.kubernetes.io/pod-deletion-cost`; what is not a 32-bit number counts as 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '';
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -2_147_483_648 && cost <= 2_147_483_647 ? cost : 0;
}

/** A power of two of the age in nanoseconds: pods of about the same age rank the same, so that chance (the uid) spreads deletions. */
const ageBucket = (since: Instant, now: Instant): number => {
  const age = (now - since) * 1_000_000;
  return age > 0 ? Math.floor(Math.log2(age)) : -1;
};

function byAge(a: Instant | undefined, b: Instant | undefined, uids: readonly [string, string], now: Instant): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return ageBucket(a, now) - ageBucket(b, now) || (uids[0] < uids[1] ? -1 : 1);
}

/** The younger first; one without a time before all others. */
const youngerFirst = (a: Instant | undefined, b: Instant | undefined): number =>
  a === b ? 0 : a === undefined ? -1 : b === undefined ? 1 : b - a;

type AgeOrder = (a: Instant | undefined, b: Instant | undefined, uids: readonly [string, string]) => number;

interface Ranked {
  readonly pod: Pod;
  readonly keys: readonly number[];
  readonly readySince: Instant | undefined;
  readonly restarts: { containers: number; sidecars: number };
  readonly createdAt: Instant | undefined;
}

/**
 * The pods in the order in which a controller that has too many deletes them: not placed before placed, Pending before Unknown before
 * Running, not ready before ready, lower deletion cost, more siblings on the same node, ready for a shorter time, more restarts, newer.
 */
export function inDeletionOrder(
  pods: readonly Pod[],
  now: Instant,
  siblingsOn: (node: string) => number = () => 0,
): Pod[] {
  return sorted(
    pods.map((pod) => ranked(pod, [deletionCost(pod), -siblingsOn(pod.spec.nodeName ?? '')])),
    (a, b, uids) => byAge(a, b, uids, now),
  );
}

/** The same for Jobs: without costs and siblings, and by exact ages. */
export const inPlainDeletionOrder = (pods: readonly Pod[]): Pod[] =>
  sorted(
    pods.map((pod) => ranked(pod, [])),
    youngerFirst,
  );

const ranked = (pod: Pod, further: readonly number[]): Ranked => ({
  pod,
  keys: [pod.spec.nodeName ? 1 : 0, phaseRank[pod.status?.phase ?? 'Pending'], isReady(pod) ? 1 : 0, ...further],
  readySince: readySince(pod),
  restarts: mostRestarts(pod),
  createdAt: parseTime(pod.metadata.creationTimestamp ?? ''),
});

const sorted = (pods: Ranked[], ageOrder: AgeOrder): Pod[] =>
  pods.sort((a, b) => beforeInDeletion(a, b, ageOrder)).map(({ pod }) => pod);

function beforeInDeletion(a: Ranked, b: Ranked, ageOrder: AgeOrder): number {
  for (let i = 0; i < a.keys.length; i++) {
    const difference = (a.keys[i] ?? 0) - (b.keys[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const uids = [a.pod.metadata.uid ?? '', b.pod.metadata.uid ?? ''] as const;
  return (
    ageOrder(a.readySince, b.readySince, uids) ||
    b.restarts.containers - a.restarts.containers ||
    b.restarts.sidecars - a.restarts.sidecars ||
    ageOrder(a.createdAt, b.createdAt, uids)
  );
}

/** Nothing of it runs any more, whether it finished or is being deleted: its volumes are not needed. */
export function isTerminated(pod: Pod): boolean {
  if (isFinished(pod)) return true;
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return isBeingDeleted(pod) && all.every(({ state }) => state?.terminated || state?.waiting);
}
