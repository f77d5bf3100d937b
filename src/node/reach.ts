// What a node's kubelet serves besides logs: commands in containers, ports of pods, and its own small HTTP interface.

import { ApiError, internalError } from '../api/status.ts';
import type { CommandRequest, Kubelets, RunCommand } from '../server/kubelets.ts';
import { kubeletPage } from './kubelet-pages.ts';
import type { PodHost } from './pod-host.ts';
import { sandboxOf } from './pod-record.ts';
import type { PodWorker } from './pod-worker.ts';
import { mountsFor } from './pod-mounts.ts';
import { RuntimeFailure } from './runtime.ts';

/** A pod on its node. */
export interface Placed {
  readonly worker: PodWorker;
  readonly host: PodHost;
}

export interface Reach {
  /** @throws ApiError where there is no such pod on a node that can be reached */
  placed(namespace: string, name: string): Placed;
  /** Those of all nodes that can be reached. */
  all(): readonly Placed[];
  /** Those of one node; undefined: it cannot be reached. */
  on(node: string): readonly Placed[] | undefined;
}

export function kubeletsOver(reach: Reach): Omit<Kubelets, 'logs' | 'usage'> {
  return {
    command: (namespace, name, request) => commandIn(reach.placed(namespace, name), request),

    async dial(namespace, name, port) {
      const { worker, host } = reach.placed(namespace, name);
      const sandbox = sandboxFor(worker);
      try {
        return await host.runtime.dial(sandbox, port);
      } catch (error) {
        if (!(error instanceof RuntimeFailure)) throw error;
        throw new RuntimeFailure(`error forwarding port ${port} to pod ${sandbox.id}, uid : ${error.message}`);
      }
    },

    async ask(address, port, request, signal) {
      const found = reach.all().find(({ worker }) => worker.record.ips.includes(address) && sandboxOf(worker.record));
      if (!found) throw new RuntimeFailure(`dial tcp ${address}:${port}: connect: no route to host`);
      try {
        return await found.host.runtime.ask(sandboxFor(found.worker), port, request, signal);
      } catch (error) {
        if (!(error instanceof RuntimeFailure)) throw error;
        throw new RuntimeFailure(
          `dial tcp ${address}:${port}: ${error.message.replace(/^.*(?=connect: connection refused)/, '')}`,
        );
      }
    },

    async askNode(name, request) {
      const pods = reach.on(name);
      if (!pods) throw new RuntimeFailure(`dial tcp ${name}:10250: i/o timeout`);
      return kubeletPage(name, pods, request);
    },
  };
}

function sandboxFor(worker: PodWorker) {
  const sandbox = sandboxOf(worker.record);
  if (sandbox) return sandbox;
  throw new RuntimeFailure(`pod not found ("${worker.pod().metadata.name}_${worker.pod().metadata.namespace}")`);
}

function commandIn({ worker, host }: Placed, { container, command, tty }: CommandRequest): RunCommand {
  const record = worker.record.containers.find((each) => each.container.name === container);
  if (record?.state.is !== 'running') throw new ApiError(500, 'InternalError', `container not found ("${container}")`);
  const { id } = record.state;
  return async (streams, signal) => {
    const mounts = await mountsFor({ host, record: worker.record, pod: worker.pod });
    try {
      return await host.runtime.run(id, { ...(command && { command }), tty, mounts, streams, signal });
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      throw internalError(`error executing command in container: ${error.message}`);
    }
  };
}
