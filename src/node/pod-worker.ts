// Looks after one pod on a node: plans, acts through the runtime, writes the status when it changed, and sleeps until something is due.

import type { Timer } from '../base/clock.ts';
import { ApiError } from '../api/status.ts';
import { referenceTo } from '../client/client.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { Container } from '../kinds/generated/types/core-v1.ts';
import {
  backOff,
  probeContainer,
  resizeContainer,
  restartAll,
  restartContainer,
  startContainer,
  stopContainer,
} from './container-lifecycle.ts';
import { fieldPathOf, pauses, type PodHost, type PodScope } from './pod-host.ts';
import { planPod, type Action, type Plan } from './pod-plan.ts';
import {
  exitedFrom,
  freshContainer,
  rolesOf,
  type ContainerRecord,
  type Ending,
  type PodRecord,
} from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import { asksForResize, decideResize, resizeCompleted } from './resize.ts';
import type { ContainerExit } from './runtime.ts';
import { beginEnd, mountVolumes, removeEverything, runSandbox, stopSandbox } from './sandbox-lifecycle.ts';
import { simulatedMark } from './node-object.ts';
import { statusPatch } from './status-patch.ts';

export interface PodWorker {
  readonly record: PodRecord;
  readonly pod: () => Pod;
  /** A newer state of the pod. */
  readonly update: (pod: Pod) => void;
  /** The pod is gone: ends and removes everything of it. */
  readonly forget: () => void;
  /** Asks again for resources the node had no room for. */
  readonly resize: () => void;
  /** Its node ends it. */
  readonly end: (ending: Ending) => void;
  readonly exited: (exit: ContainerExit) => void;
  readonly wake: () => void;
  /** Does nothing any more, and leaves the containers alone. */
  readonly stop: () => void;
}

export function podWorker(first: Pod, record: PodRecord, host: PodHost): PodWorker {
  const { clock, client, log } = host;
  let pod = first;
  let timer: Timer | undefined;
  let busy = false;
  let again = false;
  let deleted = false;
  const over = new AbortController();
  /** `gone`: nobody wants the pod any more. `stopped`: nobody wants the worker any more. */
  let life: 'on' | 'gone' | 'stopped' = 'on';

  const say = (type: 'Normal' | 'Warning') => (reason: string, message: string, container?: Container) =>
    life !== 'stopped' &&
    host.event(pod, { type, reason, message, ...(container && { fieldPath: fieldPathOf(pod, container) }) });

  const scope: PodScope = {
    host,
    record,
    pod: () => pod,
    over: over.signal,
    ends: () => life !== 'on' || record.ending !== undefined || pod.metadata.deletionTimestamp !== undefined,
    normal: say('Normal'),
    warning: say('Warning'),
    wake,
  };

  /** Never works at once, because it is called from watches. */
  function wake(): void {
    again = true;
    if (!busy) void Promise.resolve().then(loop);
  }

  async function loop(): Promise<void> {
    if (busy) return;
    busy = true;
    while (again && life === 'on') {
      again = false;
      await step();
    }
    busy = false;
  }

  async function step(): Promise<void> {
    timer?.cancel();
    const plan = planPod(pod, record, clock.now());
    if (scope.ends()) over.abort();
    for (const action of plan.actions) begin(action);
    const behind = host.online() && !(await written(plan));
    const next = behind ? Math.min(plan.next, clock.now() + pauses.write) : plan.next;
    if (next !== Infinity && !again && life === 'on') timer = clock.after(next - clock.now(), wake);
  }

  /** Begins an action; it marks the record at once, and wakes the loop when it is through. */
  function begin(action: Action): void {
    void act(scope, action).then(async () => {
      if (life === 'gone') await removeEverything(scope);
      else wake();
    });
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
    const { uid = '', deletionTimestamp } = pod.metadata;
    const status = statusPatch(pod.status, podStatus(pod, record, clock.now(), host.facts));
    if (status) {
      const marked = pod.metadata.annotations?.[simulatedMark] !== undefined;
      const patch = { metadata: { uid, ...(!marked && { annotations: { [simulatedMark]: 'true' } }) }, status };
      const answer = await client.patch(Pod, referenceTo(pod), patch, { subresource: 'status', type: 'strategic' });
      if (answer.metadata.uid === uid) pod = answer;
    }
    if (plan.done) await host.volumes.unmount(pod);
    if (!plan.done || !deletionTimestamp || deleted || life !== 'on') return;
    deleted = true;
    await client.delete(Pod, referenceTo(pod), { gracePeriodSeconds: 0, preconditions: { uid } });
  }

  function update(newer: Pod): void {
    pod = newer;
    for (const { container, role } of rolesOf(newer)) {
      const each = record.containers.find((known) => known.container.name === container.name);
      if (!each) record.containers.push(freshContainer(container, role));
      else if (each.container !== container) redefine(each, container);
    }
    resize();
    wake();
  }

  /** A container whose image was changed is made anew; other changes are taken over as they are. */
  function redefine(each: ContainerRecord, container: Container): void {
    const changed = each.container.image !== container.image;
    each.container = container;
    if (!changed || each.state.is !== 'running' || each.state.stopping) return;
    const message = `Container ${container.name} definition changed, will be restarted`;
    void Promise.resolve()
      .then(() => restartContainer(scope, each, message))
      .then(wake);
  }

  /** Asks the node for what the pod says, where that is not what it was granted. */
  function resize(): void {
    if (scope.ends()) return;
    const refusal = record.containers.some(asksForResize) ? host.refusal(pod) : undefined;
    const decision = decideResize(pod, record, refusal);
    if (!decision) return;
    record.resize = decision.resize;
    if (decision.granted) for (const each of record.containers) each.granted = each.container.resources;
    if (decision.event) host.event(pod, decision.event);
    wake();
  }

  function exited(exit: ContainerExit): void {
    const each = record.containers.find(({ state }) => 'id' in state && state.id === exit.container);
    if (each?.state.is === 'starting') each.state = { ...each.state, ended: exit };
    if (each?.state.is !== 'running') return;
    each.state = exitedFrom(each.state, exit);
    each.probes = {};
    wake();
  }

  return {
    record,
    pod: () => pod,
    update,
    resize,
    end(ending) {
      beginEnd(scope, ending);
      wake();
    },
    exited,
    wake,
    forget() {
      life = 'gone';
      timer?.cancel();
      over.abort();
      void Promise.resolve().then(() => removeEverything(scope));
    },
    stop() {
      life = 'stopped';
      timer?.cancel();
    },
  };
}

async function act(scope: PodScope, action: Action): Promise<void> {
  switch (action.do) {
    case 'mount':
      return mountVolumes(scope);
    case 'run-sandbox':
      return runSandbox(scope);
    case 'start':
      return startContainer(scope, action.container);
    case 'back-off':
      return backOff(scope, action.container, action.until);
    case 'probe':
      return probeContainer(scope, action.container, action.probe);
    case 'stop': {
      const message = `Stopping container ${action.container.container.name}`;
      return stopContainer(scope, action.container, { grace: action.grace, message });
    }
    case 'restart-all':
      return restartAll(scope);
    case 'resize':
      return resizeContainer(scope, action.container);
    case 'finish-resize': {
      scope.host.event(scope.pod(), resizeCompleted(scope.pod(), scope.record.resize));
      const { inProgress: _done, ...resize } = scope.record.resize;
      scope.record.resize = resize;
      return;
    }
    case 'end': {
      const { reason, message = '' } = action.ending;
      if (reason) scope.normal(reason, message);
      return beginEnd(scope, action.ending);
    }
    case 'stop-sandbox':
      return stopSandbox(scope);
  }
}
