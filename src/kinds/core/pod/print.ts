// What `kubectl get pods` says of a pod in a word or two: how many containers are ready, why it is not running, how often it restarted.

import type { Instant } from '../../../base/clock.ts';
import { humanDuration, parseTime } from '../../../base/time.ts';
import type { Container, ContainerStatus, Pod } from '../../generated/types/core-v1.ts';

interface Summary {
  /** Ready containers, sidecars included. */
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  readonly lastRestart: Instant;
}

export function podReadyText(pod: Pod): string {
  const { ready, total } = summaryOf(pod);
  return `${ready}/${total}`;
}

export const podReasonText = (pod: Pod): string => summaryOf(pod).reason;

export function podRestartsText(pod: Pod, now: Instant): string {
  const { restarts, lastRestart } = summaryOf(pod);
  if (restarts === 0 || lastRestart === 0) return String(restarts);
  return `${restarts} (${humanDuration(now - lastRestart)} ago)`;
}

function summaryOf(pod: Pod): Summary {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  const init = initProgress(pod);
  const running = init.waiting && !isConditionTrue(pod, 'Initialized') ? initSummary(init) : mainSummary(pod, init);
  const total = (pod.spec.containers ?? []).length + sidecars.length;
  return { ...running, total, reason: whenDeleted(pod, running.reason) };
}

const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

/** The pod's own reason or phase, before its containers are looked at. */
function firstReason({ status }: Pod): string {
  const gated = status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  return gated ? 'SchedulingGated' : status?.reason || (status?.phase ?? '');
}

interface InitProgress {
  /** What the init containers wait for; undefined when they are through. */
  readonly waiting: string | undefined;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: Instant;
  readonly sidecarRestarts: number;
  readonly lastSidecarRestart: Instant;
}

/** Looks at init containers in order, until the first that is neither done nor, as a sidecar, started. */
function initProgress({ spec, status }: Pod): InitProgress {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  let [ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart] = [0, 0, 0, 0, 0];
  for (const [i, each] of (status?.initContainerStatuses ?? []).entries()) {
    restarts += each.restartCount ?? 0;
    lastRestart = Math.max(lastRestart, lastEnd(each));
    const sidecar = sidecars.has(each.name);
    if (sidecar) {
      sidecarRestarts += each.restartCount ?? 0;
      lastSidecarRestart = Math.max(lastSidecarRestart, lastEnd(each));
    }
    if (each.state?.terminated?.exitCode === 0 && each.state.terminated) continue;
    if (sidecar && each.started) {
      if (each.ready) ready++;
      continue;
    }
    const waiting = `Init:${initText(each, `${i}/${(spec.initContainers ?? []).length}`)}`;
    return { waiting, ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart };
  }
  return { waiting: undefined, ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart };
}

function initText({ state }: ContainerStatus, progress: string): string {
  const { terminated, waiting } = state ?? {};
  if (terminated) return endText(terminated);
  return waiting?.reason && waiting.reason !== 'PodInitializing' ? waiting.reason : progress;
}

const endText = ({ reason, signal, exitCode }: { reason?: string; signal?: number; exitCode?: number }): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`);

function initSummary(init: InitProgress): Omit<Summary, 'total'> {
  const { ready, restarts, lastRestart } = init;
  return { ready, restarts, lastRestart, reason: init.waiting ?? '' };
}

/** Once the pod is initialized its containers speak, the first of them last; that some completed hides no failure of others. */
function mainSummary(pod: Pod, init: InitProgress): Omit<Summary, 'total'> {
  const statuses = pod.status?.containerStatuses ?? [];
  let [reason, running, ready, failure] = [init.waiting ?? firstReason(pod), false, init.ready, ''];
  let [restarts, lastRestart] = [init.sidecarRestarts, init.lastSidecarRestart];
  for (const each of [...statuses].reverse()) {
    restarts += each.restartCount ?? 0;
    lastRestart = Math.max(lastRestart, lastEnd(each));
    const { waiting, terminated, running: runs } = each.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) {
      reason = endText(terminated);
      if (terminated.exitCode !== 0) failure = reason;
    } else if (each.ready && runs) {
      running = true;
      ready++;
    }
  }
  if (reason === 'Completed') {
    if (running && isConditionTrue(pod, 'Ready')) reason = 'Running';
    else reason = failure || (running ? 'NotReady' : reason);
  }
  return { ready, restarts, lastRestart, reason };
}

function whenDeleted({ metadata, status }: Pod, reason: string): string {
  if (!metadata.deletionTimestamp) return reason;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? reason : 'Terminating';
}

const lastEnd = ({ lastState }: ContainerStatus): Instant => parseTime(lastState?.terminated?.finishedAt ?? '') ?? 0;

const isConditionTrue = ({ status }: Pod, wanted: string): boolean =>
  (status?.conditions ?? []).some(({ type, status: state }) => type === wanted && state === 'True');
