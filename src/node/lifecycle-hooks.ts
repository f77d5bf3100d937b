// A container's postStart and preStop hooks: what they do, and what the kubelet says of one that fails.

import type { Container, HTTPGetAction, LifecycleHandler } from '../kinds/generated/types/core-v1.ts';
import { portNumber, urlOf } from './probe-target.ts';
import { podTitle, type PodScope } from './pod-host.ts';
import { sandboxOf } from './pod-record.ts';
import { RuntimeFailure } from './runtime.ts';

interface Hook {
  readonly id: string;
  readonly container: Container;
  readonly handler: LifecycleHandler;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** Resolves with what went wrong; undefined: it is through. */
export async function runHook(scope: PodScope, hook: Hook): Promise<string | undefined> {
  const { exec, httpGet, sleep } = hook.handler;
  const told = (kind: string, what: string | number, failure: string | undefined) =>
    failure === undefined
      ? undefined
      : `${kind} lifecycle hook (${what}) for Container "${hook.container.name}" in Pod "${podTitle(scope.pod())}" failed - error: ${failure}`;
  if (exec) {
    const command = exec.command ?? [];
    return told('Exec', `[${command.join(' ')}]`, await execFailure(scope, hook, command));
  }
  if (httpGet) return told('HTTP', httpGet.path ?? '', await httpFailure(scope, hook, httpGet));
  if (sleep) return told('Sleep', sleep.seconds, await sleepFailure(scope, hook, sleep.seconds * 1000));
  return 'Cannot run handler: invalid handler';
}

async function execFailure(
  { host }: PodScope,
  { id, signal }: Hook,
  command: readonly string[],
): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await host.runtime.exec(id, command, signal);
  if (exitCode === 0) return undefined;
  const error = `command '${command.join(' ')}' exited with ${exitCode}: ${stderr}`;
  return `${error}, message: ${JSON.stringify(stdout + stderr)}`;
}

/** Any answer will do. Another host than the pod's own is taken to answer. */
async function httpFailure(
  { host, record }: PodScope,
  { container, signal }: Hook,
  action: HTTPGetAction,
): Promise<string | undefined> {
  const [ip = ''] = record.ips;
  const sandbox = sandboxOf(record);
  const port = Number(portNumber(action.port, container));
  if (!sandbox || (action.host && action.host !== ip)) return undefined;
  const { path, text, address } = urlOf(action, container, ip);
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]));
  try {
    await host.runtime.ask(sandbox, port, { method: 'GET', path, headers, body: new Uint8Array() }, signal);
    return undefined;
  } catch (error) {
    if (signal.aborted) return `Get "${text}": context canceled`;
    if (!(error instanceof RuntimeFailure)) throw error;
    return `Get "${text}": dial tcp ${address}: connect: connection refused`;
  }
}

async function sleepFailure({ host }: PodScope, { signal }: Hook, time: number): Promise<string | undefined> {
  await host.clock.sleep(time, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return signal.aborted ? 'container terminated before sleep hook finished' : undefined;
}
