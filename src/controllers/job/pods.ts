// The pods of a Job: the finalizer by which they are counted exactly once, and what an index adds to them.

import { type Instant, seconds } from '../../base/clock.ts';
import { parseTime } from '../../base/time.ts';
import type { Job } from '../../kinds/batch/job.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Container, ContainerStatus } from '../../kinds/generated/types/core-v1.ts';
import { podCondition } from '../../kinds/core/pod-facts.ts';
import { podFromTemplate } from '../pods.ts';

/** Of a generated pod's name before the dash and the letters of chance. */
const longestPrefix = 57;

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
const indexKey = 'batch.kubernetes.io/job-completion-index';
const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';
const ignoredCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';

export const isTracked = (pod: Pod): boolean => (pod.metadata.finalizers ?? []).includes(trackingFinalizer);

export const isIndexed = (job: Job): boolean => job.spec.completionMode === 'Indexed';

/** The pod's completion index, if it has one within the Job's completions. */
export function indexOf(job: Job, pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexKey] ?? '';
  const index = /^\d+$/.test(text) ? Number(text) : undefined;
  return index !== undefined && index < (job.spec.completions ?? 0) ? index : undefined;
}

const countIn = (pod: Pod, key: string): number => Number(pod.metadata.annotations?.[key] ?? 0) || 0;

/** How often the pod's index had failed before this pod. */
export const earlierFailures = (pod: Pod): number => countIn(pod, failureCountKey);

/** All earlier failures of the index, those a policy ignores included: they decide how long its next pod waits. */
export const allEarlierFailures = (pod: Pod): number => countIn(pod, failureCountKey) + countIn(pod, ignoredCountKey);

export interface Place {
  readonly index: number | undefined;
  /** The failed pod of the index that this one replaces, and whether its failure counts. */
  readonly replaces?: { readonly pod: Pod; readonly counts: boolean };
}

/** A name generated from this has to keep its index: a long name is cut before it. */
function prefixOf(name: string, index: number): string {
  const suffix = `-${index}`;
  return `${name.slice(0, longestPrefix - suffix.length)}${suffix}`;
}

export function jobPod(job: Job, { index, replaces }: Place): Pod {
  const { name = '', namespace = '' } = job.metadata;
  const pod = podFromTemplate(job.spec.template, {
    name: index === undefined ? name : prefixOf(name, index),
    namespace,
  });
  const finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const counts = job.spec.backoffLimitPerIndex === undefined ? {} : failureCounts(replaces);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      finalizers,
      labels: { ...pod.metadata.labels, [indexKey]: String(index) },
      annotations: { ...pod.metadata.annotations, [indexKey]: String(index), ...counts },
    },
    spec: {
      ...pod.spec,
      hostname: `${name}-${index}`,
      ...(pod.spec.initContainers && { initContainers: pod.spec.initContainers.map(knowingItsIndex) }),
      containers: pod.spec.containers.map(knowingItsIndex),
    },
  };
}

function failureCounts(replaces: Place['replaces']): Record<string, string> {
  if (!replaces) return { [failureCountKey]: '0' };
  const { pod, counts } = replaces;
  const ignored = countIn(pod, ignoredCountKey) + (counts ? 0 : 1);
  return {
    [failureCountKey]: String(countIn(pod, failureCountKey) + (counts ? 1 : 0)),
    ...(ignored > 0 && { [ignoredCountKey]: String(ignored) }),
  };
}

function knowingItsIndex(container: Container): Container {
  if (container.env?.some(({ name }) => name === 'JOB_COMPLETION_INDEX')) return container;
  const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.labels['${indexKey}']` };
  return { ...container, env: [...(container.env ?? []), { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef } }] };
}

/** The statuses of ordinary containers and of sidecars. */
function counted({ spec, status }: Pod): ContainerStatus[] {
  const sidecars = new Set(
    spec.initContainers?.filter((each) => each.restartPolicy === 'Always').map((each) => each.name),
  );
  const ofSidecars = (status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
  return [...(status?.containerStatuses ?? []), ...ofSidecars];
}

/** When a pod ended: by its containers, by its readiness, by its deletion, or else its creation. */
export function finishedAt(pod: Pod): Instant {
  const ends = counted(pod).map(({ state }) => parseTime(state?.terminated?.finishedAt ?? ''));
  const known = ends.flatMap((end) => end ?? []);
  if (known.length > 0 && known.length === ends.length) return Math.max(...known);
  const ready = podCondition(pod, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime) return parseTime(ready.lastTransitionTime) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp = '' } = pod.metadata;
  if (deletionTimestamp) return (parseTime(deletionTimestamp) ?? 0) - seconds(deletionGracePeriodSeconds);
  return parseTime(creationTimestamp) ?? 0;
}
