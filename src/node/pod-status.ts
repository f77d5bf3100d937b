// A pod's status as the kubelet writes it: phase, conditions and one entry for each container, from what the node knows.

import type { Instant } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  PodCondition,
  PodPhase,
  PodStatus,
} from '../kinds/generated/types/core-v1.ts';
import {
  exitOf,
  isEnded,
  isInitialized,
  isReady,
  isStarted,
  removedReason,
  sandboxOf,
  type ContainerRecord,
  type ContainerRole,
  type Exited,
  type PodRecord,
} from './pod-record.ts';

export interface NodeFacts {
  readonly hostIP: string;
  /** The scheme of container ids. */
  readonly runtime: string;
}

/** The whole status, with what others wrote into it kept. */
export function podStatus(pod: Pod, record: PodRecord, now: Instant, facts: NodeFacts): PodStatus {
  const { reason: _reason, message: _message, ...kept } = pod.status ?? {};
  const phase = phaseOf(pod, record);
  const failure = record.rejected ?? (isEnded(pod, record) ? record.ending : undefined);
  const status: PodStatus = {
    ...kept,
    observedGeneration: pod.metadata.generation ?? 1,
    phase,
    ...(failure?.reason && { reason: failure.reason }),
    ...(failure?.message && { message: failure.message }),
    startTime: pod.status?.startTime ?? formatTime(record.acceptedAt),
    conditions: conditionsOf(pod, record, phase, now),
  };
  return record.rejected
    ? status
    : { ...status, ...addressesOf(record, facts), ...containerStatusesOf(pod, record, facts) };
}

function addressesOf({ ips }: PodRecord, { hostIP }: NodeFacts): Partial<PodStatus> {
  return {
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(ips[0] && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
  };
}

/** A terminal phase is not told before everything has ended. */
export function phaseOf(pod: Pod, record: PodRecord): PodPhase {
  if (record.rejected) return 'Failed';
  if (isEnded(pod, record)) return succeeded(record) && !record.ending?.reason ? 'Succeeded' : 'Failed';
  const mains = record.containers.filter(({ role }) => role === 'main');
  if (mains.some(({ reset }) => reset)) return 'Running';
  const begun = mains.every((each) => each.state.is === 'running' || exitOf(each));
  return isInitialized(record) && begun ? 'Running' : 'Pending';
}

/** Every main container ended well, and no init container stands in the way. */
const succeeded = (record: PodRecord): boolean =>
  record.containers.every((each) => (each.role !== 'main' && each.role !== 'init') || exitOf(each)?.exitCode === 0);

// Conditions

type Judged = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message' | 'observedGeneration'>;

/** Those that go when they do not hold. */
const resizeConditions = ['PodResizePending', 'PodResizeInProgress'] as const;

function conditionsOf(pod: Pod, record: PodRecord, phase: PodPhase, now: Instant): PodCondition[] {
  const judged = record.rejected ? [] : judge(pod, record, phase);
  const previous = new Map((pod.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const ours = judged.map((condition) =>
    dated(condition, previous.get(condition.type), pod.metadata.generation ?? 1, now),
  );
  const scheduled =
    previous.get('PodScheduled') ??
    dated({ type: 'PodScheduled', status: 'True' }, undefined, pod.metadata.generation ?? 1, now);
  const restarting = judgeRestarting(record, phase).map((condition) =>
    dated(condition, previous.get(condition.type), pod.metadata.generation ?? 1, now),
  );
  const names = new Set<string>([
    ...restarting.map(({ type }) => type),
    'PodScheduled',
    ...resizeConditions,
    ...judged.map(({ type }) => type),
  ]);
  return [...ours, scheduled, ...restarting, ...[...previous.values()].filter(({ type }) => !names.has(type))];
}

function dated(
  condition: Judged,
  previous: PodCondition | undefined,
  observedGeneration: number,
  now: Instant,
): PodCondition {
  const since = previous?.status === condition.status ? previous.lastTransitionTime : undefined;
  return { observedGeneration, ...condition, lastTransitionTime: since ?? formatTime(now) };
}

function judge(pod: Pod, record: PodRecord, phase: PodPhase): Judged[] {
  const containersReady = judgeContainersReady(record, phase);
  const { ending } = record;
  return [
    ...(ending?.disrupts && isEnded(pod, record)
      ? [
          {
            type: 'DisruptionTarget',
            status: 'True' as const,
            reason: 'TerminationByKubelet',
            message: ending.message ?? '',
          },
        ]
      : []),
    { type: 'PodReadyToStartContainers', status: sandboxOf(record) ? 'True' : 'False' },
    judgeInitialized(record, phase),
    judgeReady(pod, containersReady),
    containersReady,
    ...(phase === 'Succeeded' || phase === 'Failed' ? [] : judgeResize(record)),
  ];
}

/** Told of pods with a rule that may restart all containers. */
function judgeRestarting(record: PodRecord, phase: PodPhase): Judged[] {
  const { containers, rejected, restartingAll } = record;
  const may = containers.some(({ container }) =>
    container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  );
  if (!may || rejected) return [];
  const type = 'AllContainersRestarting';
  if (phase === 'Succeeded') return [{ type, status: 'False', reason: 'PodCompleted' }];
  if (phase === 'Failed') return [{ type, status: 'False', reason: 'PodFailed' }];
  if (!restartingAll) return [{ type, status: 'False' }];
  const message = 'container exited with restart policy rule';
  return [{ type, status: 'True', reason: 'RestartAllContainersStarted', message }];
}

function judgeResize({ resize: { pending, inProgress } }: PodRecord): Judged[] {
  const status = 'True';
  const told: Judged[] = [];
  if (pending) {
    const { message, generation: observedGeneration } = pending;
    told.push({ type: 'PodResizePending', status, reason: 'Deferred', message, observedGeneration });
  }
  if (inProgress) told.push({ type: 'PodResizeInProgress', status, observedGeneration: inProgress.generation });
  return told;
}

function judgeInitialized(record: PodRecord, phase: PodPhase): Judged {
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' };
  if (isInitialized(record)) return { type: 'Initialized', status: 'True' };
  const incomplete = record.containers.filter(
    (each) => (each.role === 'init' && exitOf(each)?.exitCode !== 0) || (each.role === 'sidecar' && !isStarted(each)),
  );
  return {
    type: 'Initialized',
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${listed(incomplete)}`,
  };
}

function judgeContainersReady(record: PodRecord, phase: PodPhase): Judged {
  if (phase === 'Succeeded') return { type: 'ContainersReady', status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type: 'ContainersReady', status: 'False', reason: 'PodFailed' };
  const unready = record.containers.filter(
    (each) => (each.role === 'main' || each.role === 'sidecar') && !isReady(each),
  );
  if (unready.length === 0) return { type: 'ContainersReady', status: 'True' };
  return {
    type: 'ContainersReady',
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${listed(unready)}`,
  };
}

function judgeReady(pod: Pod, containersReady: Judged): Judged {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const closed = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return gate.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (closed.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

const listed = (records: readonly ContainerRecord[]): string =>
  `[${records.map(({ container }) => container.name).join(' ')}]`;

// Containers

function containerStatusesOf(pod: Pod, record: PodRecord, facts: NodeFacts): Partial<PodStatus> {
  const initialized = isInitialized(record);
  const lost = initialized && isEnded(pod, record);
  const of = (...roles: ContainerRole[]): ContainerStatus[] =>
    record.containers
      .filter(({ role }) => roles.includes(role))
      .map((each) => containerStatus(each, { facts, lost, waits: waitingFor(pod, each, initialized) }));
  const [inits, ephemerals] = [of('init', 'sidecar'), of('ephemeral')];
  return {
    ...(inits.length > 0 && { initContainerStatuses: inits }),
    containerStatuses: of('main'),
    ...(ephemerals.length > 0 && { ephemeralContainerStatuses: ephemerals }),
  };
}

const waitingFor = (pod: Pod, { role }: ContainerRecord, initialized: boolean): string => {
  const initializing = role === 'main' ? !initialized : true;
  return initializing && (pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating';
};

interface Shown {
  readonly facts: NodeFacts;
  /** A container that does not run will not any more. */
  readonly lost: boolean;
  /** The reason of one that waits for nothing particular. */
  readonly waits: string;
}

function containerStatus(record: ContainerRecord, shown: Shown): ContainerStatus {
  const { container, state } = record;
  const known = state.is === 'running' || state.is === 'exited' ? state : exitOf(record);
  const { granted } = record;
  const resources = state.is === 'running' ? record.inForce : granted;
  const mounts = (container.volumeMounts ?? []).map(({ mountPath, name, readOnly }) => ({
    mountPath,
    name,
    ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' as const }),
  }));
  return {
    name: container.name,
    state: stateOf(record, shown),
    lastState: record.last ? { terminated: terminated(record.last, shown.facts) } : {},
    ready: record.role === 'init' ? exitOf(record)?.exitCode === 0 : isReady(record),
    restartCount: record.restarts,
    image: known?.image.name ?? container.image ?? '',
    imageID: known?.image.id ?? '',
    ...(known && { containerID: `${shown.facts.runtime}://${known.id}` }),
    started: isStarted(record),
    ...(granted?.requests && { allocatedResources: granted.requests }),
    ...(resources && { resources }),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

function stateOf(record: ContainerRecord, shown: Shown): ContainerState {
  const { state } = record;
  const seen = state.is === 'starting' ? state.was : state;
  switch (seen.is) {
    case 'running':
      return { running: { startedAt: formatTime(seen.startedAt) } };
    case 'exited':
      return { terminated: terminated(seen, shown.facts) };
    case 'waiting':
      if (shown.lost) return { terminated: record.last ? terminated(record.last, shown.facts) : neverFound };
      return { waiting: { reason: seen.reason ?? shown.waits, ...(seen.message && { message: seen.message }) } };
  }
}

/** How the kubelet reports a container of an ended pod of which it knows no exit. */
const neverFound: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

const terminated = (exit: Exited, facts: NodeFacts): ContainerStateTerminated => {
  const { exitCode, reason, message } = exit;
  // Nothing else is known of what was removed.
  if (reason === removedReason) return { exitCode, reason, ...(message && { message }) };
  return seenEnd(exit, facts);
};

const seenEnd = (exit: Exited, { runtime }: NodeFacts): ContainerStateTerminated => ({
  exitCode: exit.exitCode,
  reason: exit.reason,
  ...(exit.message && { message: exit.message }),
  startedAt: formatTime(exit.startedAt),
  finishedAt: formatTime(exit.finishedAt),
  containerID: `${runtime}://${exit.id}`,
});
