// What a node knows of one of its pods: how each container stands, and the questions asked about that.

import type { Duration, Instant } from '../base/clock.ts';
import type { Container, ContainerRestartRule, Pod, ResourceRequirements } from '../kinds/generated/types/core-v1.ts';
import type { ProbeState } from './probes.ts';
import type { Resize } from './resize.ts';
import type { ContainerExit, Image, ProbeName, Sandbox } from './runtime.ts';

export interface Waiting {
  readonly is: 'waiting';
  /** Left out: ContainerCreating or PodInitializing. */
  readonly reason?: string;
  readonly message?: string;
  /** Not to be started before. */
  readonly retryAt?: Instant;
}

export interface Running {
  readonly is: 'running';
  readonly id: string;
  readonly image: Image;
  readonly startedAt: Instant;
  /** It was asked to end. */
  readonly stopping: boolean;
}

export interface Exited {
  readonly is: 'exited';
  readonly id: string;
  readonly image: Image;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

/** Its image is being pulled, or it is being made; until it runs it is shown as it was. */
export interface Starting {
  readonly is: 'starting';
  readonly was: Waiting | Exited;
  /** Its program runs, and its postStart hook is not through yet. */
  readonly id?: string;
  /** How it ended before the hook was through. */
  readonly ended?: ContainerExit;
}

/** A sidecar is an init container that keeps running. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

export interface Crash {
  readonly delay: Duration;
  readonly since: Instant;
}

export interface ContainerRecord {
  /** As the pod says now. */
  container: Container;
  /** What its node grants it, and what it runs with. */
  granted: ResourceRequirements | undefined;
  inForce: ResourceRequirements | undefined;
  /** It was removed to begin anew with all others, and has not done so yet. */
  reset?: boolean;
  /** It is being given what it was granted. */
  resizing?: boolean;
  /** It is stopped only to be started again. */
  mustRestart?: boolean;
  readonly role: ContainerRole;
  state: Waiting | Starting | Running | Exited;
  /** The exit before the present state. */
  last?: Exited | undefined;
  restarts: number;
  /** The wait that follows the next exit, and since when it is so long. */
  crash?: Crash;
  /** The wait after the latest failed pull. */
  pullDelay?: Duration;
  probes: Partial<Record<ProbeName, ProbeState>>;
}

export interface Ending {
  readonly since: Instant;
  readonly grace: Duration;
  /** Why the pod fails; left out for a pod being deleted. */
  readonly reason?: string;
  readonly message?: string;
  /** The node ends it: told in a DisruptionTarget condition once it has ended. */
  readonly disrupts?: true;
}

export interface PodRecord {
  readonly acceptedAt: Instant;
  readonly containers: ContainerRecord[];
  /** Refused by the node: it failed before it began. */
  rejected?: { readonly reason: string; readonly message: string };
  volumes: { readonly is: 'unmounted' | 'mounting' | 'mounted'; readonly retryAt?: Instant; readonly delay?: Duration };
  sandbox: Sandbox | 'none' | 'starting' | 'stopping' | 'stopped';
  /** After a failure to make the sandbox. */
  sandboxRetryAt?: Instant;
  /** Kept when the sandbox is gone. */
  ips: readonly string[];
  ending?: Ending;
  resize: Resize;
  /** All containers are being stopped and removed, to begin anew. */
  restartingAll?: boolean;
}

export const rolesOf = (pod: Pod): { readonly container: Container; readonly role: ContainerRole }[] => [
  ...(pod.spec.initContainers ?? []).map((container) => ({
    container,
    role: container.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
  })),
  ...pod.spec.containers.map((container) => ({ container, role: 'main' as const })),
  ...(pod.spec.ephemeralContainers ?? []).map((container) => ({
    container: container as Container,
    role: 'ephemeral' as const,
  })),
];

export const freshContainer = (container: Container, role: ContainerRole): ContainerRecord => ({
  container,
  granted: container.resources,
  inForce: container.resources,
  role,
  state: { is: 'waiting' },
  restarts: 0,
  probes: {},
});

export const freshRecord = (pod: Pod, now: Instant): PodRecord => ({
  acceptedAt: now,
  containers: rolesOf(pod).map(({ container, role }) => freshContainer(container, role)),
  volumes: { is: 'unmounted' },
  sandbox: 'none',
  ips: [],
  resize: {},
});

export const sandboxOf = (record: PodRecord): Sandbox | undefined =>
  typeof record.sandbox === 'object' ? record.sandbox : undefined;

export const isRunning = (record: ContainerRecord): boolean => record.state.is === 'running';

/** It runs and its startup probe, if any, has passed. */
export const isStarted = (record: ContainerRecord): boolean =>
  isRunning(record) && (!record.container.startupProbe || record.probes.startup?.passed === true);

export const isReady = (record: ContainerRecord): boolean =>
  isStarted(record) && (!record.container.readinessProbe || record.probes.readiness?.passed === true);

/** The exit a container stands at, also while it waits for its next start. */
export function exitOf({ state, last }: ContainerRecord): Exited | undefined {
  if (state.is === 'exited') return state;
  if (state.is === 'starting') return state.was.is === 'exited' ? state.was : last;
  return state.is === 'waiting' ? last : undefined;
}

/** How a container that ran stands after it ended. */
export function exitedFrom({ id, image, startedAt }: Running, exit: ContainerExit): Exited {
  const { at: finishedAt, exitCode, reason, message } = exit;
  return {
    is: 'exited',
    id,
    image,
    startedAt,
    finishedAt,
    exitCode,
    reason,
    ...(message !== undefined && { message }),
  };
}

/** It waits from now on, and does not forget the exit it stood at. */
export function wait(record: ContainerRecord, waiting: Omit<Waiting, 'is'>): void {
  record.last = exitOf(record) ?? record.last;
  record.state = { is: 'waiting', ...waiting };
}

/** It ended and is not started again. */
export function isOver(pod: Pod, record: ContainerRecord): boolean {
  return record.state.is === 'exited' && !restartsAfter(pod, record, record.state.exitCode);
}

export function restartsAfter(pod: Pod, { container, role, mustRestart }: ContainerRecord, exitCode: number): boolean {
  if (mustRestart) return true;
  if (role === 'sidecar') return true;
  if (role === 'ephemeral') return false;
  if (ruleFor(container, exitCode)) return true;
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  return policy === 'Never' ? false : policy === 'OnFailure' || role === 'init' ? exitCode !== 0 : true;
}

/** The first rule that is about this exit. */
const ruleFor = ({ restartPolicyRules = [] }: Container, exitCode: number): ContainerRestartRule | undefined =>
  restartPolicyRules.find((rule) => ruleMatches(rule, exitCode));

/** Why a container waits that was removed so that all begin anew, and how it is said to have ended. */
export const removedReason = 'RestartingAllContainers';

/** Whether it ended so that all containers of its pod begin anew. */
export const restartsAll = ({ container, state }: ContainerRecord): boolean =>
  state.is === 'exited' && ruleFor(container, state.exitCode)?.action === 'RestartAllContainers';

function ruleMatches({ exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  const named = exitCodes?.values?.includes(exitCode) ?? false;
  return exitCodes?.operator === 'NotIn' ? !named : named;
}

/** All init containers are done and all sidecars started, or were when the main containers began. */
export function isInitialized(record: PodRecord): boolean {
  const begun = record.containers.some(
    ({ role, state, last, reset }) => role === 'main' && !reset && (state.is !== 'waiting' || last),
  );
  return begun || nextInitContainer(record) === undefined;
}

/** The first init container that is not through yet. */
export const nextInitContainer = (record: PodRecord): ContainerRecord | undefined =>
  record.containers.find((each) => {
    if (each.role === 'init') return exitOf(each)?.exitCode !== 0;
    return each.role === 'sidecar' && !isStarted(each);
  });

/** Its time is up, and nothing of it runs any more. */
export const isEnded = (pod: Pod, record: PodRecord): boolean =>
  (record.ending !== undefined || isThrough(pod, record)) &&
  record.containers.every(({ state }) => state.is !== 'running' && state.is !== 'starting');

/** An init container failed for good, or every main container ended for good. */
export function isThrough(pod: Pod, record: PodRecord): boolean {
  const initFailed = record.containers.some(
    (each) => each.role === 'init' && isOver(pod, each) && exitOf(each)?.exitCode !== 0,
  );
  return initFailed || record.containers.every((each) => each.role !== 'main' || isOver(pod, each));
}
