// One container's life: it is made and started, probed, stopped, and waits between failures, each with the kubelet's events.

import type { Duration, Instant } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import { environmentOf } from './environment.ts';
import { imageFor } from './image-pull.ts';
import { runHook } from './lifecycle-hooks.ts';
import { pauses, podTitle, type PodScope } from './pod-host.ts';
import { mountsFor } from './pod-mounts.ts';
import { crashAfterRestart, restartAt } from './pod-plan.ts';
import {
  exitedFrom,
  exitOf,
  isStarted,
  removedReason,
  restartsAfter,
  restartsAll,
  sandboxOf,
  wait,
  type ContainerRecord,
  type Running,
  type Waiting,
} from './pod-record.ts';
import { afterAnswer, firstProbe, probeNames, probeOf } from './probes.ts';
import { restartsForResize } from './resize.ts';
import type { Image, ProbeName } from './runtime.ts';

export async function startContainer(scope: PodScope, each: ContainerRecord): Promise<void> {
  if (each.state.is !== 'waiting' && each.state.is !== 'exited') return;
  const was = each.state;
  each.state = { is: 'starting', was };
  const image = await imageFor(scope, each);
  if (image) await makeContainer(scope, each, image);
  if (each.state.is === 'starting') each.state = was;
}

/** From the image to a running container. Where the pod ends meanwhile, nothing is left behind. */
async function makeContainer(scope: PodScope, each: ContainerRecord, image: Image): Promise<void> {
  const { host, record, pod, ends, normal } = scope;
  const { runtime } = host;
  const { container } = each;
  const environment = await environmentFor(scope, each);
  const sandbox = sandboxOf(record);
  if (!environment || !sandbox || ends()) return;

  const attempt = exitOf(each) ? each.restarts + 1 : each.restarts;
  const mounts = () => mountsFor(scope);
  each.inForce = each.granted;
  const made = grantedContainer(each);
  const id = await runtime.createContainer({ sandbox, pod: pod(), container: made, attempt, environment, mounts });
  if (ends()) return runtime.removeContainer(id);
  normal('Created', 'Container created', container);
  const startedAt = await runtime.startContainer(id);
  normal('Started', 'Container started', container);
  await run(scope, each, { is: 'running', id, image, startedAt, stopping: false });
}

/** It counts as running once its postStart hook is through; where that fails, it is killed. */
async function run(scope: PodScope, each: ContainerRecord, running: Running): Promise<void> {
  const handler = each.container.lifecycle?.postStart;
  if (!handler || each.state.is !== 'starting') return begun(scope, each, running);
  const { container } = each;
  const { id } = running;
  each.state = { ...each.state, id };
  const failure = await runHook(scope, { id, container, handler, signal: scope.over });
  if (failure !== undefined) {
    scope.warning('FailedPostStartHook', 'PostStartHook failed', container);
    await killContainer(scope, container, { id, grace: graceOf(scope.pod()), message: 'FailedPostStartHook' });
  }
  const { ended } = each.state;
  begun(scope, each, running);
  if (!ended) return;
  const exit = exitedFrom(running, ended);
  each.state = exit;
  each.probes = {};
  if (failure !== undefined && restartsAfter(scope.pod(), each, exit.exitCode))
    wait(each, { reason: 'PostStartHookError', message: failure, retryAt: restartAt(each, exit) });
}

/** Undefined when something it needs is not there; the container then waits for the next try. */
async function environmentFor(
  scope: PodScope,
  each: ContainerRecord,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { host, record, pod, warning } = scope;
  const sources = await host.sources(pod().metadata.namespace ?? '');
  const facts = { podIP: record.ips[0] ?? '', hostIP: host.facts.hostIP };
  const environment = environmentOf(pod(), each.container, sources, facts);
  if ('values' in environment) return environment.values;
  warning('Failed', `Error: ${environment.error}`, each.container);
  wait(each, {
    reason: 'CreateContainerConfigError',
    message: environment.error,
    retryAt: host.clock.now() + pauses.retry,
  });
  return undefined;
}

const grantedContainer = ({ container, granted }: ContainerRecord): Container => {
  const { resources: _resources, ...rest } = container;
  return { ...rest, ...(granted && { resources: granted }) };
};

/** Gives a running container what it was granted, by a restart where it wants that. */
export async function resizeContainer(scope: PodScope, each: ContainerRecord): Promise<void> {
  if (each.state.is !== 'running') return;
  const { name } = each.container;
  if (restartsForResize(each)) return restartContainer(scope, each, `Container ${name} resize requires restart`);
  const { granted } = each;
  each.resizing = true;
  await scope.host.runtime.updateContainer(each.state.id, grantedContainer(each));
  each.resizing = false;
  each.inForce = granted;
}

/** Stops a container that starts again whatever its restart policy. */
export async function restartContainer(scope: PodScope, each: ContainerRecord, message: string): Promise<void> {
  each.mustRestart = true;
  await stopContainer(scope, each, { grace: graceOf(scope.pod()), message });
}

const removedMessage = 'The container is removed because RestartAllContainers in place';

/** Those that did not ask for it go first, the last before the first. */
export async function restartAll(scope: PodScope): Promise<void> {
  const { record, host, ends } = scope;
  record.restartingAll = true;
  const reverse = [...record.containers].reverse().filter(({ role }) => role !== 'ephemeral');
  for (const each of [...reverse.filter((one) => !restartsAll(one)), ...reverse.filter(restartsAll)]) {
    await stopContainer(scope, each, { grace: 0, message: 'killing' });
    const exit = exitOf(each);
    if (ends() || !exit) continue;
    for (const id of new Set([exit.id, each.last?.id ?? exit.id])) host.runtime.removeContainer(id);
    each.last = { ...exit, exitCode: 137, reason: removedReason, message: removedMessage };
    each.state = { is: 'waiting', reason: removedReason, message: removedMessage };
    each.reset = true;
  }
  record.restartingAll = false;
}

function begun({ host, record }: PodScope, each: ContainerRecord, state: Running): void {
  const exit = exitOf(each);
  if (exit) {
    if (each.last && each.last !== exit) host.runtime.removeContainer(each.last.id);
    each.last = exit;
    each.restarts++;
    if (!each.reset) each.crash = crashAfterRestart(each, exit, host.clock.now());
  }
  each.state = state;
  each.mustRestart = false;
  each.reset = false;
  each.probes = {};
  for (const name of probeNames) {
    const probe = probeOf(each.container, name);
    if (probe) each.probes[name] = firstProbe(name, probe, record.acceptedAt, state.startedAt);
  }
}

/** From now on it is shown as waiting for its next start or pull. */
export function backOff(scope: PodScope, each: ContainerRecord, until: Instant): void {
  const { state } = each;
  if (state.is === 'waiting' && state.reason === 'ErrImagePull') backOffPull(scope, each, state, until);
  else backOffRestart(scope, each, until);
}

function backOffPull(
  { normal, warning }: PodScope,
  each: ContainerRecord,
  { reason, message }: Waiting,
  until: Instant,
): void {
  const { container } = each;
  const text = `Back-off pulling image "${container.image}"`;
  wait(each, { reason: 'ImagePullBackOff', message: `${text}: ${reason}: ${message}`, retryAt: until });
  normal('BackOff', text, container);
  warning('Failed', 'Error: ImagePullBackOff', container);
}

function backOffRestart({ host, pod, warning }: PodScope, each: ContainerRecord, until: Instant): void {
  const { container, last } = each;
  const exit = exitOf(each);
  if (!exit) return;
  const title = podTitle(pod());
  const delay = formatDuration(until - exit.finishedAt);
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${title}`;
  if (last && last !== exit) host.runtime.removeContainer(last.id);
  wait(each, { reason: 'CrashLoopBackOff', message, retryAt: until });
  warning('BackOff', `Back-off restarting failed container ${container.name} in pod ${title}`, container);
}

export async function probeContainer(scope: PodScope, each: ContainerRecord, name: ProbeName): Promise<void> {
  const { host, record, pod, warning, ends } = scope;
  const { state, container } = each;
  const asked = probeOf(container, name);
  const before = each.probes[name];
  if (state.is !== 'running' || !asked || !before) return;
  each.probes[name] = { ...before, nextAt: Infinity };
  const askedAt = host.clock.now();
  const answer = await host.runtime.probe(state.id, { name, probe: asked, host: record.ips[0] ?? '' });
  if (each.state.is !== 'running' || each.state.id !== state.id || each.state.stopping || ends()) return;

  const { state: after, exhausted } = afterAnswer(before, asked, answer, askedAt);
  each.probes[name] = after;
  if (!answer.success) warning('Unhealthy', `${titles[name]} probe failed: ${answer.output}`, container);
  if (name === 'startup' && isStarted(each)) askReadinessNow(each, host.clock.now());
  if (!exhausted || name === 'readiness') return;
  const grace = Number(asked.terminationGracePeriodSeconds ?? pod().spec.terminationGracePeriodSeconds ?? 30) * 1000;
  const then = pod().spec.restartPolicy === 'Never' ? '' : ', will be restarted';
  await stopContainer(scope, each, { grace, message: `Container ${container.name} failed ${name} probe${then}` });
}

const titles: Record<ProbeName, string> = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' };

/** The kubelet asks for readiness at once when the startup probe has passed. */
function askReadinessNow({ probes }: ContainerRecord, now: Instant): void {
  if (probes.readiness) probes.readiness = { ...probes.readiness, nextAt: now };
}

/** What every container gets to end by itself. */
const leastGrace: Duration = 2000;

const graceOf = ({ metadata, spec }: Pod): Duration =>
  Number(metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30) * 1000;

interface Kill {
  readonly grace: Duration;
  readonly message: string;
}

export async function stopContainer(scope: PodScope, each: ContainerRecord, kill: Kill): Promise<void> {
  if (each.state.is !== 'running') return;
  const { id } = each.state;
  each.state = { ...each.state, stopping: true };
  await killContainer(scope, each.container, { id, ...kill });
}

/** The preStop hook and the grace period begin together. */
async function killContainer(
  scope: PodScope,
  container: Container,
  { id, grace, message }: Kill & { readonly id: string },
): Promise<void> {
  const { clock, runtime } = scope.host;
  scope.normal('Killing', message, container);
  const since = clock.now();
  if (container.lifecycle?.preStop && grace > 0) {
    const over = new AbortController();
    const limit = clock.after(grace, () => over.abort());
    const failure = await runHook(scope, { id, container, handler: container.lifecycle.preStop, signal: over.signal });
    limit.cancel();
    if (failure !== undefined) scope.warning('FailedPreStopHook', 'PreStopHook failed', container);
  }
  const left = grace - (clock.now() - since);
  await runtime.stopContainer(id, Math.max(left, leastGrace));
}
