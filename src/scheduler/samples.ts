// Pods and nodes to try the scheduler on: said in a line, complete enough to be scheduled.

import type { NodeSpec, PodSpec, PodStatus } from '../kinds/generated/types/core-v1.ts';
import type { Node } from '../kinds/core/node.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { type PodInfo, podInfoOf } from './pod-info.ts';

export interface NodeSample {
  readonly labels?: Record<string, string>;
  readonly spec?: NodeSpec;
  readonly allocatable?: Record<string, string>;
  readonly images?: { names: string[]; sizeBytes: number }[];
}

/** A node of 4 CPUs, 8Gi and 20 pods unless said otherwise, labelled with its name. */
export const sampleNode = (name: string, { labels, spec, allocatable, images }: NodeSample = {}): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec: spec ?? {},
  status: {
    allocatable: { cpu: '4', memory: '8Gi', pods: '20', 'ephemeral-storage': '20Gi', ...allocatable },
    ...(images && { images }),
  },
});

export interface PodSample {
  readonly labels?: Record<string, string>;
  readonly requests?: Record<string, string>;
  readonly spec?: Partial<PodSpec>;
  readonly status?: PodStatus;
  readonly deleted?: boolean;
}

/** A pod named so in the namespace `default`. */
export function samplePod(name: string, { labels, requests, spec, status, deleted }: PodSample = {}): Pod {
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      ...(labels && { labels }),
      ...(deleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'c', image: 'registry.example/app:1', ...(requests && { resources: { requests } }) }],
      ...spec,
    },
    ...(status && { status }),
  };
}

export const samplePodInfo = (name: string, sample: PodSample = {}): PodInfo => podInfoOf(samplePod(name, sample));
