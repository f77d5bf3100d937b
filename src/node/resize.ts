// Containers whose processors and memory are changed while they run: what the node grants, what is in force, and the kubelet's words for both.

import { deepEqual } from '../base/equal.ts';
import type { Container, Pod, ResourceRequirements } from '../kinds/generated/types/core-v1.ts';
import type { Refusal } from './admission.ts';
import type { EventText } from '../reconcile/controller.ts';
import type { ContainerRecord, PodRecord } from './pod-record.ts';

/** How far the pod's resources are from what it says. */
export interface Resize {
  /** The node has no room now. */
  readonly pending?: { readonly message: string; readonly generation: number };
  /** Granted and not in force everywhere yet. */
  readonly inProgress?: { readonly generation: number };
}

export interface ResizeDecision {
  readonly resize: Resize;
  /** What the pod says is granted. */
  readonly granted: boolean;
  readonly event?: EventText;
}

/** Whether a container asks for something else than it was granted. */
export const asksForResize = ({ container, granted, role }: ContainerRecord): boolean =>
  role !== 'ephemeral' && !deepEqual(container.resources ?? {}, granted ?? {});

/** Whether it runs with something else than it was granted. */
export const isBehindGrant = ({ state, granted, inForce }: ContainerRecord): boolean =>
  state.is === 'running' && !state.stopping && !deepEqual(granted ?? {}, inForce ?? {});

/** `refusal`: why the node has no room for the pod as it is now. Undefined: there is nothing to decide. */
export function decideResize(pod: Pod, record: PodRecord, refusal: Refusal | undefined): ResizeDecision | undefined {
  const { generation = 1 } = pod.metadata;
  const { pending, inProgress } = record.resize;
  if (!record.containers.some(asksForResize))
    return pending && { resize: { ...(inProgress && { inProgress }) }, granted: false };
  if (!refusal) {
    const message = `Pod resize started: ${summaryOf(pod, { generation })}`;
    return { resize: { inProgress: { generation } }, granted: true, event: { reason: 'ResizeStarted', message } };
  }
  const text = `Pod resize Deferred: ${summaryOf(pod, { generation, error: refusal.message })}`;
  return {
    resize: { ...record.resize, pending: { message: refusal.message, generation } },
    granted: false,
    ...(pending?.generation !== generation && {
      event: { type: 'Warning', reason: 'ResizeDeferred', message: text },
    }),
  };
}

export const resizeCompleted = (pod: Pod, { inProgress }: Resize): EventText => ({
  reason: 'ResizeCompleted',
  message: `Pod resize completed: ${summaryOf(pod, { generation: inProgress?.generation ?? 1 })}`,
});

/** As Go prints it. */
function summaryOf(
  { spec: { initContainers = [], containers } }: Pod,
  { generation, error }: { readonly generation: number; readonly error?: string },
): string {
  const listed = (all: readonly Container[]) =>
    all.map(({ name, resources = {} }) => ({ name, resources: inOrder(resources) }));
  return JSON.stringify({
    ...(initContainers.length > 0 && { initContainers: listed(initContainers) }),
    containers: listed(containers),
    generation,
    error,
  });
}

const inOrder = ({ limits, requests }: ResourceRequirements) => ({
  ...(limits && { limits: sorted(limits) }),
  ...(requests && { requests: sorted(requests) }),
});

const sorted = (amounts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Whether what changes is of a sort that the container wants to be restarted for. */
export function restartsForResize({ container, granted = {}, inForce = {} }: ContainerRecord): boolean {
  const restarting = (container.resizePolicy ?? []).filter(({ restartPolicy }) => restartPolicy === 'RestartContainer');
  return restarting.some(
    ({ resourceName }) =>
      granted.limits?.[resourceName] !== inForce.limits?.[resourceName] ||
      granted.requests?.[resourceName] !== inForce.requests?.[resourceName],
  );
}

/** The pod with what it was granted instead of what it asks for. */
export function grantedPod(pod: Pod, { containers }: PodRecord): Pod {
  if (!containers.some(asksForResize)) return pod;
  const grants = new Map(containers.map(({ container: { name }, granted }) => [name, granted]));
  const withGrant = (container: Container): Container => {
    const { resources: _resources, ...rest } = container;
    const granted = grants.get(container.name);
    return { ...rest, ...(granted && { resources: granted }) };
  };
  const { initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(withGrant),
      ...(initContainers && { initContainers: initContainers.map(withGrant) }),
    },
  };
}
