// What the parts of a pod worker share: the pod, what is known of it, and what its node offers.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import type { EventText } from '../reconcile/controller.ts';
import type { Refusal } from './admission.ts';
import type { Sources } from './environment.ts';
import type { PodRecord } from './pod-record.ts';
import type { NodeFacts } from './pod-status.ts';
import type { NodeVolumes } from './persistent-volumes.ts';
import type { NodeRuntime } from './runtime.ts';

/** What a worker may use of its node. */
export interface PodHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: Client;
  readonly runtime: NodeRuntime;
  readonly volumes: NodeVolumes;
  readonly facts: NodeFacts;
  readonly event: (about: Pod, text: EventText) => void;
  /** The config maps and secrets of a namespace. */
  readonly sources: (namespace: string) => Promise<Sources>;
  /** Why the node has no room for a pod as it is now. */
  readonly refusal: (pod: Pod) => Refusal | undefined;
  /** Whether the node reaches the API server; while it does not, nothing is written. */
  readonly online: () => boolean;
}

/** One pod on its node. */
export interface PodScope {
  readonly host: PodHost;
  readonly record: PodRecord;
  /** Its newest state. */
  readonly pod: () => Pod;
  /** Nothing new is to be started. */
  readonly ends: () => boolean;
  /** Aborted when the pod ends. */
  readonly over: AbortSignal;
  readonly normal: (reason: string, message: string, container?: Container) => void;
  readonly warning: (reason: string, message: string, container?: Container) => void;
  /** Looks at the pod again. */
  readonly wake: () => void;
}

/** How long to wait after failures: of mounts (doubling), of making sandboxes and containers, and of writes. */
export const pauses = { mountFirst: 500, mountMost: 122_000, retry: 10_000, write: 1000 };

/** As the kubelet names a pod in its messages. */
export const podTitle = ({ metadata: { name, namespace, uid } }: Pod): string => `${name}_${namespace}(${uid})`;

/** Which part of the pod a container's events are about. */
export function fieldPathOf(pod: Pod, { name }: Container): string {
  const lists = ['initContainers', 'ephemeralContainers'] as const;
  const list = lists.find((each) => (pod.spec[each] ?? []).some((other) => other.name === name));
  return `spec.${list ?? 'containers'}{${name}}`;
}
