// One container's life: it is made and started, probed, stopped, and waits between failures, each with the kubelet's events.

import type { Duration, Instant } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import type { LifecycleHandler } from '../kinds/generated/types/core-v1.ts';
import { environmentOf } from './environment.ts';
import { imageFor } from './image-pull.ts';
import { pauses, type PodScope } from './pod-host.ts';
import { mountsFor } from './pod-mounts.ts';
import { crashAfterRestart } from './pod-plan.ts';
import { exitOf, isStarted, sandboxOf, wait, type ContainerRecord, type Running } from './pod-record.ts';
import { afterAnswer, firstProbe, probeNames, probeOf } from './probes.ts';
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
  const id = await runtime.createContainer({ sandbox, pod: pod(), container, attempt, environment, mounts });
  if (ends()) return runtime.removeContainer(id);
  normal('Created', 'Container created', container);
  const startedAt = await runtime.startContainer(id);
  begun(scope, each, { is: 'running', id, image, startedAt, stopping: false });
  normal('Started', 'Container started', container);
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

function begun({ host, record }: PodScope, each: ContainerRecord, state: Running): void {
  const exit = exitOf(each);
  if (exit) {
    if (each.last && each.last !== exit) host.runtime.removeContainer(each.last.id);
    each.last = exit;
    each.restarts++;
    each.crash = crashAfterRestart(each, exit, host.clock.now());
  }
  each.state = state;
  each.probes = {};
  for (const name of probeNames) {
    const probe = probeOf(each.container, name);
    if (probe) each.probes[name] = firstProbe(name, probe, record.acceptedAt, state.startedAt);
  }
}

/** From now on it is shown as waiting for its next start or pull. */
export function backOff(scope: PodScope, each: ContainerRecord, until: Instant): void {
  if (each.state.is === 'waiting') backOffPull(scope, each, until);
  else if (each.state.is === 'exited') backOffRestart(scope, each, until);
}

function backOffPull({ normal, warning }: PodScope, each: ContainerRecord, until: Instant): void {
  const { container, state } = each;
  if (state.is !== 'waiting') return;
  const text = `Back-off pulling image "${container.image}"`;
  wait(each, { reason: 'ImagePullBackOff', message: `${text}: ${state.reason}: ${state.message}`, retryAt: until });
  normal('BackOff', text, container);
  warning('Failed', 'Error: ImagePullBackOff', container);
}

function backOffRestart({ host, pod, warning }: PodScope, each: ContainerRecord, until: Instant): void {
  const { container, state, last } = each;
  if (state.is !== 'exited') return;
  const { name, namespace, uid } = pod().metadata;
  const delay = formatDuration(until - state.finishedAt);
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
  if (last) host.runtime.removeContainer(last.id);
  wait(each, { reason: 'CrashLoopBackOff', message, retryAt: until });
  warning(
    'BackOff',
    `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`,
    container,
  );
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

/** What a container whose hook used up the grace period still gets. */
const leastGrace: Duration = 2000;

export async function stopContainer(
  { host, normal }: PodScope,
  each: ContainerRecord,
  { grace, message }: { readonly grace: Duration; readonly message: string },
): Promise<void> {
  if (each.state.is !== 'running') return;
  const { id } = each.state;
  each.state = { ...each.state, stopping: true };
  normal('Killing', message, each.container);
  const since = host.clock.now();
  const hook = each.container.lifecycle?.preStop;
  if (hook && grace > 0) await runPreStop(host, id, { hook, grace });
  const left = grace - (host.clock.now() - since);
  await host.runtime.stopContainer(id, hook ? Math.max(left, Math.min(grace, leastGrace)) : left);
}

/** The hook and the grace period begin together. */
async function runPreStop(
  { clock, runtime }: PodScope['host'],
  id: string,
  { hook, grace }: { readonly hook: LifecycleHandler; readonly grace: Duration },
): Promise<void> {
  const over = new AbortController();
  const limit = clock.after(grace, () => over.abort());
  const work = hook.exec?.command
    ? runtime.exec(id, hook.exec.command, over.signal)
    : clock.sleep((hook.sleep?.seconds ?? 0) * 1000, over.signal);
  await work.catch((reason: unknown) => {
    if (!over.signal.aborted) throw reason;
  });
  limit.cancel();
}
