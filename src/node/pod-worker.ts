// Looks after one pod on a node: plans, acts through the runtime, writes the status when it changed, and sleeps until something is due.

import type { Clock, Duration, Timer } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import type { Log } from '../base/log.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { Container, LifecycleHandler } from '../kinds/generated/types/core-v1.ts';
import type { EventText } from '../reconcile/controller.ts';
import { environmentOf, mountFailures, type Sources } from './environment.ts';
import { crashAfterRestart, planPod, pullDelayAfter, type Action, type Plan } from './pod-plan.ts';
import {
  exitOf,
  freshContainer,
  isStarted,
  rolesOf,
  sandboxOf,
  type ContainerRecord,
  type PodRecord,
  type Running,
} from './pod-record.ts';
import { podStatus, type NodeFacts } from './pod-status.ts';
import { afterAnswer, firstProbe, probeOf } from './probes.ts';
import {
  PullError,
  RuntimeFailure,
  type ContainerExit,
  type Image,
  type NodeRuntime,
  type ProbeName,
} from './runtime.ts';
import { statusPatch } from './status-patch.ts';

/** What a worker may use of its node. */
export interface PodHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: Client;
  readonly runtime: NodeRuntime;
  readonly facts: NodeFacts;
  event(about: Pod, text: EventText): void;
  /** The config maps and secrets of a namespace. */
  sources(namespace: string): Promise<Sources>;
  /** Whether the node reaches the API server; while it does not, nothing is written. */
  online(): boolean;
}

export interface PodWorker {
  readonly record: PodRecord;
  pod(): Pod;
  /** A newer state of the pod. */
  update(pod: Pod): void;
  /** The pod is gone: ends and removes everything of it. */
  forget(): void;
  exited(exit: ContainerExit): void;
  wake(): void;
  /** Does nothing any more, and leaves the containers alone. */
  stop(): void;
}

/** Waits after failures: of mounts (doubling), of making sandboxes and containers, and of writes. */
const pauses = { mountFirst: 500, mountMost: 122_000, retry: 10_000, write: 1000 };

const imageName = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]*)?(?:@[\w+.-]+:[0-9a-fA-F]+)?$/;

export function podWorker(first: Pod, record: PodRecord, host: PodHost): PodWorker {
  const { clock, runtime, client, log } = host;
  let pod = first;
  let timer: Timer | undefined;
  let busy = false;
  let again = false;
  let stopped = false;
  let gone = false;
  let deleted = false;

  // The loop

  function wake(): void {
    if (stopped || gone) return;
    again = true;
    if (!busy) void Promise.resolve().then(loop);
  }

  async function loop(): Promise<void> {
    if (busy) return;
    busy = true;
    while (again && !stopped && !gone) {
      again = false;
      await step();
    }
    busy = false;
  }

  async function step(): Promise<void> {
    timer?.cancel();
    const plan = planPod(pod, record, clock.now());
    for (const action of plan.actions) start(action);
    const next = host.online() && !(await written(plan)) ? Math.min(plan.next, clock.now() + pauses.write) : plan.next;
    if (next !== Infinity && !again) timer = clock.after(next - clock.now(), wake);
  }

  /** Whether the API server knows all there is to know. */
  async function written(plan: Plan): Promise<boolean> {
    try {
      await write(plan);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 404) return true;
      log.warn('the status of a pod was not written', { pod: first.metadata.name, error: error.message });
      return false;
    }
  }

  async function write(plan: Plan): Promise<void> {
    const status = podStatus(pod, record, clock.now(), host.facts);
    const patch = statusPatch(pod.status, status);
    const { uid } = pod.metadata;
    if (patch) {
      const answer = await client.patch(
        Pod,
        referenceTo(pod),
        { metadata: { uid }, status: patch },
        { subresource: 'status', type: 'strategic' },
      );
      if (answer.metadata.uid === uid) pod = answer;
    }
    if (!plan.done || !pod.metadata.deletionTimestamp || deleted || gone) return;
    deleted = true;
    await client.delete(Pod, referenceTo(pod), { gracePeriodSeconds: 0, preconditions: { uid: uid ?? '' } });
  }

  /** Begins an action; it marks the record at once, and wakes the loop when it is through. */
  function start(action: Action): void {
    void act(action).then(async () => {
      if (gone) await cleanUp();
      else wake();
    });
  }

  async function act(action: Action): Promise<void> {
    switch (action.do) {
      case 'mount':
        return mount();
      case 'run-sandbox':
        return runSandbox();
      case 'start':
        return startContainer(action.container);
      case 'back-off':
        return backOff(action.container, action.until);
      case 'probe':
        return probe(action.container, action.probe);
      case 'stop':
        return stopContainer(action.container, action.grace, `Stopping container ${action.container.container.name}`);
      case 'end':
        return end(action.ending);
      case 'stop-sandbox':
        return stopSandbox();
    }
  }

  const about = (container: Container): string => {
    const lists = ['initContainers', 'ephemeralContainers'] as const;
    const list = lists.find((each) => (pod.spec[each] ?? []).some(({ name }) => name === container.name));
    return `spec.${list ?? 'containers'}{${container.name}}`;
  };
  const event = (reason: string, message: string, container?: Container): void =>
    host.event(pod, { reason, message, ...(container && { fieldPath: about(container) }) });
  const warning = (reason: string, message: string, container?: Container): void =>
    host.event(pod, { type: 'Warning', reason, message, ...(container && { fieldPath: about(container) }) });

  /** Nothing new is to be started. */
  const ends = (): boolean =>
    gone || stopped || record.ending !== undefined || pod.metadata.deletionTimestamp !== undefined;

  // The pod

  async function mount(): Promise<void> {
    const delay = record.volumes.delay ?? pauses.mountFirst;
    record.volumes = { is: 'mounting', delay };
    const failures = mountFailures(pod, await host.sources(pod.metadata.namespace ?? ''));
    for (const failure of failures) warning('FailedMount', failure);
    record.volumes =
      failures.length === 0
        ? { is: 'mounted' }
        : { is: 'unmounted', retryAt: clock.now() + delay, delay: Math.min(delay * 2, pauses.mountMost) };
  }

  async function runSandbox(): Promise<void> {
    record.sandbox = 'starting';
    try {
      const sandbox = await runtime.runSandbox(pod);
      record.sandbox = sandbox;
      record.ips = pod.spec.hostNetwork ? [host.facts.hostIP] : sandbox.ips;
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      warning('FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`);
      record.sandbox = 'none';
      record.sandboxRetryAt = clock.now() + pauses.retry;
    }
  }

  async function stopSandbox(): Promise<void> {
    const sandbox = sandboxOf(record);
    if (!sandbox) return;
    record.sandbox = 'stopping';
    await runtime.stopSandbox(sandbox);
    record.sandbox = 'stopped';
  }

  async function end(ending: NonNullable<PodRecord['ending']>): Promise<void> {
    if (ending.reason) event(ending.reason, ending.message ?? '');
    record.ending = record.ending?.reason ? { ...record.ending, grace: ending.grace } : ending;
    // A shorter grace than before: whatever is being stopped is asked again.
    for (const each of record.containers)
      if (each.state.is === 'running') each.state = { ...each.state, stopping: false };
  }

  // Containers

  async function startContainer(each: ContainerRecord): Promise<void> {
    if (each.state.is !== 'waiting' && each.state.is !== 'exited') return;
    const was = each.state;
    const { container } = each;
    each.state = { is: 'starting', was };

    const image = await imageFor(each);
    const sandbox = sandboxOf(record);
    if (!image || !sandbox || ends()) return giveUp(each, was);
    const sources = await host.sources(pod.metadata.namespace ?? '');
    const facts = { podIP: record.ips[0] ?? '', hostIP: host.facts.hostIP };
    const environment = environmentOf(pod, container, sources, facts);
    if ('error' in environment) {
      warning('Failed', `Error: ${environment.error}`, container);
      each.state = {
        is: 'waiting',
        reason: 'CreateContainerConfigError',
        message: environment.error,
        retryAt: clock.now() + pauses.retry,
      };
      return;
    }

    const id = await runtime.createContainer({
      sandbox,
      pod,
      container,
      attempt: each.restarts + (exitOf(each) ? 1 : 0),
      environment: environment.values,
    });
    if (ends()) {
      runtime.removeContainer(id);
      return giveUp(each, was);
    }
    event('Created', 'Container created', container);
    const startedAt = await runtime.startContainer(id);
    begun(each, { is: 'running', id, image, startedAt, stopping: false });
    event('Started', 'Container started', container);
  }

  /** Back to how it was, unless a failed pull has said how it is. */
  function giveUp(each: ContainerRecord, was: ContainerRecord['state']): void {
    if (each.state.is === 'starting') each.state = was;
  }

  function begun(each: ContainerRecord, state: Running): void {
    const exit = exitOf(each);
    if (exit) {
      if (each.last && each.last !== exit) runtime.removeContainer(each.last.id);
      each.last = exit;
      each.restarts++;
      each.crash = crashAfterRestart(each, exit, clock.now());
    }
    each.state = state;
    each.probes = {};
    for (const name of ['startup', 'readiness', 'liveness'] as const) {
      const probe = probeOf(each.container, name);
      if (probe) each.probes[name] = firstProbe(name, probe, record.acceptedAt, state.startedAt);
    }
  }

  async function imageFor(each: ContainerRecord): Promise<Image | undefined> {
    const { container } = each;
    const name = container.image ?? '';
    const present = runtime.image(name);
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    if (present && policy !== 'Always') {
      event('Pulled', `Container image "${name}" already present on machine and can be accessed by the pod`, container);
      return present;
    }
    try {
      return await pull(each, name, policy);
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      pullFailed(each, error);
      return undefined;
    }
  }

  async function pull(each: ContainerRecord, name: string, policy: string): Promise<Image> {
    const { container } = each;
    if (!imageName.test(name)) {
      const text = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
      throw new PullError('InvalidImageName', text);
    }
    if (policy === 'Never')
      throw new PullError('ErrImageNeverPull', `Container image "${name}" is not present with pull policy of Never`);
    event('Pulling', `Pulling image "${name}"`, container);
    const since = clock.now();
    const image = await runtime.pullImage(name, pod, container);
    const took = formatDuration(Math.round(clock.now() - since));
    event(
      'Pulled',
      `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: ${image.bytes} bytes.`,
      container,
    );
    delete each.pullDelay;
    return image;
  }

  function pullFailed(each: ContainerRecord, { reason, message }: PullError): void {
    const { container } = each;
    const said = { ErrImagePull: 'Failed', ErrImageNeverPull: 'ErrImageNeverPull', InvalidImageName: 'InspectFailed' }[
      reason
    ];
    warning(
      said,
      reason === 'ErrImagePull' ? `Failed to pull image "${container.image}": ${message}` : message,
      container,
    );
    warning('Failed', `Error: ${reason}`, container);
    each.last = exitOf(each) ?? each.last;
    each.pullDelay = pullDelayAfter(each.pullDelay);
    each.state = { is: 'waiting', reason, message, retryAt: clock.now() + each.pullDelay };
  }

  async function backOff(each: ContainerRecord, until: number): Promise<void> {
    const { container, state } = each;
    if (state.is === 'waiting') {
      const text = `Back-off pulling image "${container.image}"`;
      each.state = {
        is: 'waiting',
        reason: 'ImagePullBackOff',
        message: `${text}: ${state.reason}: ${state.message}`,
        retryAt: until,
      };
      event('BackOff', text, container);
      warning('Failed', 'Error: ImagePullBackOff', container);
    } else if (state.is === 'exited') {
      const { name, namespace, uid } = pod.metadata;
      const delay = formatDuration(until - state.finishedAt);
      const message = `back-off ${delay} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
      if (each.last) runtime.removeContainer(each.last.id);
      each.last = state;
      each.state = { is: 'waiting', reason: 'CrashLoopBackOff', message, retryAt: until };
      warning(
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`,
        container,
      );
    }
  }

  async function probe(each: ContainerRecord, name: ProbeName): Promise<void> {
    const { state, container } = each;
    const asked = probeOf(container, name);
    const before = each.probes[name];
    if (state.is !== 'running' || !asked || !before) return;
    each.probes[name] = { ...before, nextAt: Infinity };
    const answer = await runtime.probe(state.id, name, asked);
    if (each.state.is !== 'running' || each.state.id !== state.id) return;

    const { state: after, exhausted } = afterAnswer(before, asked, answer, clock.now());
    each.probes[name] = after;
    if (!answer.success) warning('Unhealthy', `${capital(name)} probe failed: ${answer.output}`, container);
    // The kubelet asks for readiness at once when the startup probe has passed.
    if (name === 'startup' && isStarted(each) && each.probes.readiness)
      each.probes.readiness = { ...each.probes.readiness, nextAt: clock.now() };
    if (!exhausted || name === 'readiness') return;
    const grace = (asked.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    const then = pod.spec.restartPolicy === 'Never' ? '' : ', will be restarted';
    await stopContainer(each, grace, `Container ${container.name} failed ${name} probe${then}`);
  }

  async function stopContainer(each: ContainerRecord, grace: Duration, message: string): Promise<void> {
    if (each.state.is !== 'running') return;
    const { id } = each.state;
    each.state = { ...each.state, stopping: true };
    event('Killing', message, each.container);
    const since = clock.now();
    await preStop(id, each.container.lifecycle?.preStop, grace);
    await runtime.stopContainer(id, Math.max(grace - (clock.now() - since), grace === 0 ? 0 : 2000));
  }

  /** The hook and the grace period begin together; what the hook leaves is the container's. */
  async function preStop(id: string, hook: LifecycleHandler | undefined, grace: Duration): Promise<void> {
    if (!hook || grace === 0) return;
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

  // From outside

  function update(newer: Pod): void {
    pod = newer;
    for (const { container, role } of rolesOf(newer)) {
      const each = record.containers.find((known) => known.container.name === container.name);
      if (!each) record.containers.push(freshContainer(container, role));
      else if (each.container !== container) redefine(each, container);
    }
    wake();
  }

  function redefine(each: ContainerRecord, container: Container): void {
    const changed = each.container.image !== container.image;
    each.container = container;
    if (!changed || each.state.is !== 'running' || each.state.stopping) return;
    const grace = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    void Promise.resolve()
      .then(() => stopContainer(each, grace, `Container ${container.name} definition changed, will be restarted`))
      .then(wake);
  }

  function exited({ container: id, at, exitCode, reason, message }: ContainerExit): void {
    const each = record.containers.find(({ state }) => state.is === 'running' && state.id === id);
    if (each?.state.is !== 'running') return;
    const { image, startedAt } = each.state;
    each.state = {
      is: 'exited',
      id,
      image,
      startedAt,
      finishedAt: at,
      exitCode,
      reason,
      ...(message !== undefined && { message }),
    };
    each.probes = {};
    wake();
  }

  async function cleanUp(): Promise<void> {
    const running = record.containers.flatMap(({ state }) => (state.is === 'running' ? [state.id] : []));
    await Promise.all(running.map((id) => runtime.stopContainer(id, 0)));
    await stopSandbox();
    for (const { state, last } of record.containers) {
      if (state.is === 'exited' || state.is === 'running') runtime.removeContainer(state.id);
      if (last) runtime.removeContainer(last.id);
    }
  }

  return {
    record,
    pod: () => pod,
    update,
    exited,
    wake,
    forget() {
      gone = true;
      timer?.cancel();
      void Promise.resolve().then(cleanUp);
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
