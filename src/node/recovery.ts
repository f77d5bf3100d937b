// After a restart of the program: what a node knew of a pod, read back from the pod's status, so that running containers go on.

import type { Instant } from '../base/clock.ts';
import { parseTime } from '../base/time.ts';
import type { ContainerStateTerminated, ContainerStatus, Pod } from '../kinds/generated/types/core-v1.ts';
import { crashBackoff } from './pod-plan.ts';
import {
  freshContainer,
  freshRecord,
  rolesOf,
  type ContainerRecord,
  type Exited,
  type PodRecord,
  type Running,
} from './pod-record.ts';
import { firstProbe, probeNames, probeOf } from './probes.ts';
import type { Image, Remembered, Sandbox } from './runtime.ts';

export interface Recovered {
  readonly record: PodRecord;
  /** What to ask the runtime to find again. */
  readonly sandbox: Sandbox | undefined;
  readonly running: readonly Omit<Remembered, 'mounts'>[];
}

/** A pod no node has begun yet gives a fresh record. After a reboot nothing runs any more: what did has ended for reasons nobody saw. */
export function recoverPod(pod: Pod, now: Instant, rebooted = false): Recovered {
  const {
    startTime,
    podIPs = [],
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod.status ?? {};
  const record = freshRecord(pod, (startTime && parseTime(startTime)) || now);
  const statuses = new Map(
    [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].map((status) => [
      status.name,
      status,
    ]),
  );
  if (podIPs.length === 0) return { record, sandbox: undefined, running: [] };

  record.containers.splice(
    0,
    Infinity,
    ...rolesOf(pod).map(({ container, role }) => {
      const fresh = freshContainer(container, role);
      const status = statuses.get(container.name);
      return status ? remember(fresh, status, record.acceptedAt, now) : fresh;
    }),
  );
  if (rebooted) {
    for (const each of record.containers) if (each.state.is === 'running') each.state = lostInReboot(each.state, now);
    return { record, sandbox: undefined, running: [] };
  }
  record.ips = podIPs.flatMap(({ ip }) => (ip ? [ip] : []));
  record.volumes = { is: 'mounted' };
  const sandbox = { id: `recovered-${pod.metadata.uid}`, ips: pod.spec.hostNetwork ? [] : record.ips };
  record.sandbox = sandbox;
  return { record, sandbox, running: record.containers.flatMap((each) => rememberedOf(pod, each, sandbox)) };
}

const lostInReboot = ({ id, image, startedAt }: Running, now: Instant): Exited => ({
  is: 'exited',
  id,
  image,
  startedAt,
  finishedAt: now,
  exitCode: 255,
  reason: 'Unknown',
});

function rememberedOf(
  pod: Pod,
  { container, state, restarts }: ContainerRecord,
  sandbox: Sandbox,
): Omit<Remembered, 'mounts'>[] {
  return state.is === 'running'
    ? [{ id: state.id, startedAt: state.startedAt, pod, container, sandbox, attempt: restarts }]
    : [];
}

function remember(fresh: ContainerRecord, status: ContainerStatus, acceptedAt: Instant, now: Instant): ContainerRecord {
  const image: Image = { name: status.image, id: status.imageID, bytes: 0 };
  const { terminated, running } = status.state ?? {};
  const last = exitFrom(status.lastState?.terminated, image);
  const doublings = Math.max(status.restartCount - 1, 0);
  const { allocatedResources: requests, resources } = status;
  const granted = requests || resources ? { ...resources, ...(requests && { requests }) } : fresh.granted;
  const record: ContainerRecord = {
    ...fresh,
    granted,
    inForce: granted,
    restarts: status.restartCount,
    ...(last && { last }),
    ...(status.restartCount > 0 && {
      crash: {
        delay: Math.min(crashBackoff.first * 2 ** doublings, crashBackoff.most),
        since: instantOf(running?.startedAt) ?? last?.finishedAt ?? now,
      },
    }),
  };
  const exit = exitFrom(terminated, image);
  if (exit) record.state = exit;
  if (running && status.containerID) {
    const startedAt = instantOf(running.startedAt) ?? now;
    record.state = { is: 'running', id: bareId(status.containerID), image, startedAt, stopping: false };
    probesOf(record, status, acceptedAt, startedAt, now);
  }
  return record;
}

/** Probes that had passed are taken to pass until they say otherwise; all ask again now. */
function probesOf(
  record: ContainerRecord,
  status: ContainerStatus,
  acceptedAt: Instant,
  startedAt: Instant,
  now: Instant,
): void {
  const passed = { startup: status.started ?? false, readiness: status.ready, liveness: true };
  for (const name of probeNames) {
    const probe = probeOf(record.container, name);
    if (!probe) continue;
    const first = firstProbe(name, probe, acceptedAt, startedAt);
    record.probes[name] = { ...first, passed: passed[name], nextAt: Math.max(first.nextAt, now) };
  }
}

function exitFrom(terminated: ContainerStateTerminated | undefined, image: Image): Exited | undefined {
  if (!terminated?.containerID) return undefined;
  const { exitCode, reason = 'Error', message, startedAt, finishedAt } = terminated;
  return {
    is: 'exited',
    id: bareId(terminated.containerID),
    image,
    startedAt: instantOf(startedAt) ?? 0,
    finishedAt: instantOf(finishedAt) ?? 0,
    exitCode,
    reason,
    ...(message !== undefined && { message }),
  };
}

const bareId = (containerID: string): string => containerID.slice(containerID.indexOf('://') + 3);

const instantOf = (time: string | undefined): Instant | undefined => (time === undefined ? undefined : parseTime(time));
