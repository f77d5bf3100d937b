// The frame around a pod's containers: its volumes, its sandbox, and the end of both.

import { mountFailures } from './environment.ts';
import { pauses, type PodScope } from './pod-host.ts';
import { sandboxOf, type Ending } from './pod-record.ts';
import { RuntimeFailure } from './runtime.ts';

export async function mountVolumes({ host, record, pod, warning, wake }: PodScope): Promise<void> {
  const delay = record.volumes.delay ?? pauses.mountFirst;
  record.volumes = { is: 'mounting', delay };
  let isFree = false;
  const again = () => {
    isFree = true;
    if (record.volumes.is === 'unmounted') record.volumes = { is: 'unmounted' };
    wake();
  };
  const mounting = await host.volumes.mount(pod(), again);
  if (mounting.is !== 'mounted') {
    if (mounting.is === 'failed') warning('FailedMount', mounting.failure);
    const retryAt = mounting.is === 'failed' ? host.clock.now() + pauses.retry : Infinity;
    record.volumes = { is: 'unmounted', ...(!isFree && { retryAt }) };
    return;
  }
  const failures = mountFailures(pod(), await host.sources(pod().metadata.namespace ?? ''));
  for (const failure of failures) warning('FailedMount', failure);
  record.volumes =
    failures.length === 0
      ? { is: 'mounted' }
      : { is: 'unmounted', retryAt: host.clock.now() + delay, delay: Math.min(delay * 2, pauses.mountMost) };
}

export async function runSandbox({ host, record, pod, warning }: PodScope): Promise<void> {
  record.sandbox = 'starting';
  try {
    const sandbox = await host.runtime.runSandbox(pod());
    record.sandbox = sandbox;
    record.ips = pod().spec.hostNetwork ? [host.facts.hostIP] : sandbox.ips;
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    warning('FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`);
    record.sandbox = 'none';
    record.sandboxRetryAt = host.clock.now() + pauses.retry;
  }
}

export async function stopSandbox({ host, record }: PodScope): Promise<void> {
  const sandbox = sandboxOf(record);
  if (!sandbox) return;
  record.sandbox = 'stopping';
  await host.runtime.stopSandbox(sandbox);
  record.sandbox = 'stopped';
}

/** The pod's time is up, or up sooner than was said before: what is being stopped is then asked again. */
export function beginEnd({ record }: PodScope, ending: Ending): void {
  record.ending = record.ending?.reason ? { ...record.ending, grace: ending.grace } : ending;
  for (const each of record.containers)
    if (each.state.is === 'running') each.state = { ...each.state, stopping: false };
}

/** Ends and removes everything of a pod that is gone. May be asked again while it is at it: an action under way may have made something new. */
export async function removeEverything(scope: PodScope): Promise<void> {
  const { host, record } = scope;
  const { runtime } = host;
  const running = record.containers.flatMap(({ state }) => (state.is === 'running' ? [state.id] : []));
  await Promise.all(running.map((id) => runtime.stopContainer(id, 0)));
  await stopSandbox(scope);
  for (const each of record.containers) {
    const { state, last } = each;
    if (last) runtime.removeContainer(last.id);
    each.last = undefined;
    if (state.is !== 'exited' && state.is !== 'running') continue;
    runtime.removeContainer(state.id);
    each.state = { is: 'waiting' };
  }
  await host.volumes.unmount(scope.pod());
}
