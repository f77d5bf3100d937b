// What a node does next for one pod, decided from the pod, what is known of its containers, and the time: the kubelet's pod lifecycle.

import { minutes, seconds, type Duration, type Instant } from '../base/clock.ts';
import type { Pod } from '../kinds/generated/types/core-v1.ts';
import {
  isInitialized,
  isStarted,
  isThrough,
  nextInitContainer,
  restartsAfter,
  restartsAll,
  sandboxOf,
  type ContainerRecord,
  type Crash,
  type Ending,
  type Exited,
  type PodRecord,
} from './pod-record.ts';
import { probeOf } from './probes.ts';
import { isBehindGrant } from './resize.ts';
import type { ProbeName } from './runtime.ts';

export type Action =
  | { readonly do: 'mount' }
  | { readonly do: 'run-sandbox' }
  | { readonly do: 'start'; readonly container: ContainerRecord }
  /** From now on it is shown as waiting, because its next start or pull is a while off. */
  | { readonly do: 'back-off'; readonly container: ContainerRecord; readonly until: Instant }
  | { readonly do: 'probe'; readonly container: ContainerRecord; readonly probe: ProbeName }
  | { readonly do: 'stop'; readonly container: ContainerRecord; readonly grace: Duration }
  | { readonly do: 'resize'; readonly container: ContainerRecord }
  /** What the pod was granted is in force. */
  | { readonly do: 'finish-resize' }
  /** Stops and removes all containers, so that the pod begins anew. */
  | { readonly do: 'restart-all' }
  | { readonly do: 'end'; readonly ending: Ending }
  | { readonly do: 'stop-sandbox' };

export interface Plan {
  readonly actions: readonly Action[];
  /** When to look again if nothing else happens. */
  readonly next: Instant;
  /** Nothing runs any more and nothing will: the status is final, and a pod being deleted may go. */
  readonly done: boolean;
}

export const crashBackoff = { first: seconds(10), most: minutes(5), forgottenAfter: minutes(10) };

/** How long an exit or a failed pull is shown as such before the wait that follows it is. */
export const shownFor = seconds(1);

export const defaultGrace = seconds(30);

export function planPod(pod: Pod, record: PodRecord, now: Instant): Plan {
  if (record.rejected) return { actions: [], next: Infinity, done: true };
  const ending = endingOf(pod, record, now);
  if (ending && ending.grace < (record.ending?.grace ?? Infinity))
    return { actions: [{ do: 'end', ending }], next: now, done: false };
  if (record.ending || isThrough(pod, record)) return planEnd(record, record.ending?.grace ?? defaultGrace);

  const plan = planRunning(pod, record, now);
  return { actions: plan.actions, next: Math.min(plan.next, deadlineOf(pod, record)), done: false };
}

const deadlineOf = (pod: Pod, record: PodRecord): Instant =>
  record.acceptedAt + Number(pod.spec.activeDeadlineSeconds ?? Infinity) * 1000;

const graceOf = (pod: Pod): Duration =>
  Number(pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;

function endingOf(pod: Pod, record: PodRecord, now: Instant): Ending | undefined {
  if (pod.metadata.deletionTimestamp) return { since: now, grace: graceOf(pod) };
  if (now < deadlineOf(pod, record) || isThrough(pod, record)) return undefined;
  return {
    since: now,
    grace: graceOf(pod),
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  };
}

/** Main containers end first, then sidecars from last to first, then the sandbox. */
function planEnd(record: PodRecord, grace: Duration): Plan {
  const live = record.containers.filter(({ state }) => state.is === 'running' || state.is === 'starting');
  const sidecars = live.filter(({ role }) => role === 'sidecar');
  const stoppable = live.length > sidecars.length ? live.filter(({ role }) => role !== 'sidecar') : sidecars.slice(-1);

  const actions: Action[] = stoppable
    .filter(({ state }) => state.is === 'running' && !state.stopping)
    .map((container) => ({ do: 'stop', container, grace }));
  if (live.length === 0 && sandboxOf(record)) actions.push({ do: 'stop-sandbox' });
  const busy = record.sandbox === 'starting' || record.sandbox === 'stopping' || record.volumes.is === 'mounting';
  return { actions, next: Infinity, done: live.length === 0 && actions.length === 0 && !busy };
}

interface Step {
  readonly actions: readonly Action[];
  readonly next: Instant;
}

const idle: Step = { actions: [], next: Infinity };

const once = (action: Action, at: Instant | undefined, now: Instant): Step =>
  at === undefined || now >= at ? { actions: [action], next: Infinity } : { actions: [], next: at };

function planRunning(pod: Pod, record: PodRecord, now: Instant): Step {
  const { volumes } = record;
  if (volumes.is === 'mounting' || record.sandbox === 'starting') return idle;
  if (volumes.is === 'unmounted') return once({ do: 'mount' }, volumes.retryAt, now);
  if (record.sandbox === 'none') return once({ do: 'run-sandbox' }, record.sandboxRetryAt, now);

  if (record.restartingAll) return idle;
  if (record.containers.some(restartsAll))
    return record.containers.some(({ state }) => state.is === 'starting')
      ? idle
      : { actions: [{ do: 'restart-all' }], next: Infinity };

  const due = dueContainers(record);
  const steps = record.containers.map((container) => planContainer(pod, container, due.has(container), now));
  const actions = inTurn(
    steps.flatMap(({ actions }) => actions),
    record,
  );
  const isResizing = record.containers.some((each) => each.resizing || each.mustRestart || isBehindGrant(each));
  const isResized = record.resize.inProgress && !isResizing;
  return {
    actions: isResized ? [...actions, { do: 'finish-resize' }] : actions,
    next: Math.min(...steps.map(({ next }) => next)),
  };
}

/** Containers are started one after another: an image, a postStart hook hold up what follows. */
function inTurn(actions: readonly Action[], { containers }: PodRecord): readonly Action[] {
  const isStarting = containers.some(({ state }) => state.is === 'starting');
  const first = isStarting ? undefined : actions.find((action) => action.do === 'start');
  return actions.filter((action) => action.do !== 'start' || action === first);
}

/** The containers that may start now: those of the main round, or the init container whose turn it is and the sidecars before it. */
function dueContainers(record: PodRecord): ReadonlySet<ContainerRecord> {
  if (isInitialized(record)) return new Set(record.containers.filter(({ role }) => role !== 'init'));
  const turn = nextInitContainer(record);
  const upTo = record.containers.indexOf(turn as ContainerRecord);
  return new Set(record.containers.filter((each, i) => each === turn || (each.role === 'sidecar' && i < upTo)));
}

function planContainer(pod: Pod, container: ContainerRecord, due: boolean, now: Instant): Step {
  const { state } = container;
  if (state.is === 'running') {
    const probes = planProbes(container, now);
    return isBehindGrant(container) && !container.resizing
      ? { ...probes, actions: [...probes.actions, { do: 'resize', container }] }
      : probes;
  }
  if (state.is === 'starting' || !due) return idle;
  if (state.is === 'exited' && !restartsAfter(pod, container, state.exitCode)) return idle;

  const until = state.is === 'exited' ? restartAt(container, state) : (state.retryAt ?? now);
  if (now >= until) return { actions: [{ do: 'start', container }], next: Infinity };
  const since = backOffShownSince(container);
  if (since === undefined || now < since) return { actions: [], next: Math.min(until, since ?? until) };
  return { actions: [{ do: 'back-off', container, until }], next: until };
}

/** When the present exit or failed pull gives way to the wait after it; undefined when it already has. */
function backOffShownSince({ state, pullDelay, last }: ContainerRecord): Instant | undefined {
  if (state.is === 'exited') return state.finishedAt + shownFor;
  if (state.is === 'waiting' && state.reason === 'PostStartHookError') return (last?.finishedAt ?? 0) + shownFor;
  if (state.is === 'waiting' && state.reason === 'ErrImagePull')
    return (state.retryAt ?? 0) - (pullDelay ?? 0) + shownFor;
  return undefined;
}

/** The first restart is immediate; each further one waits twice as long, until the container has run for ten minutes. */
export function restartAt({ crash }: ContainerRecord, exit: Exited): Instant {
  if (!crash || exit.finishedAt - crash.since > crashBackoff.forgottenAfter) return exit.finishedAt;
  return exit.finishedAt + crash.delay;
}

/** The wait after the next exit, once the container is started again after `exit`. */
export function crashAfterRestart({ crash }: ContainerRecord, exit: Exited, now: Instant): Crash {
  const forgotten = !crash || exit.finishedAt - crash.since > crashBackoff.forgottenAfter;
  return { delay: forgotten ? crashBackoff.first : Math.min(crash.delay * 2, crashBackoff.most), since: now };
}

export const pullDelayAfter = (delay: Duration | undefined): Duration =>
  delay === undefined ? crashBackoff.first : Math.min(delay * 2, crashBackoff.most);

function planProbes(record: ContainerRecord, now: Instant): Step {
  if (record.state.is !== 'running' || record.state.stopping) return idle;
  const names: ProbeName[] = isStarted(record) ? ['readiness', 'liveness'] : ['startup'];
  const asked = names.filter((name) => probeOf(record.container, name));
  const due = asked.filter((probe) => (record.probes[probe]?.nextAt ?? now) <= now);
  const next = Math.min(...asked.map((probe) => record.probes[probe]?.nextAt ?? now));
  return { actions: due.map((probe) => ({ do: 'probe', container: record, probe })), next };
}
