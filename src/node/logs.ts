// What `kubectl logs` shows: the lines of one container, cut and dated as asked for.

import type { Instant } from '../base/clock.ts';
import { formatMicroTime } from '../base/time.ts';
import type { WatchSource } from '../api/request.ts';
import { badRequest } from '../api/status.ts';
import type { LogOptions } from '../server/kubelets.ts';
import { exitOf } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import type { PodWorker } from './pod-worker.ts';
import type { LogLine, NodeRuntime } from './runtime.ts';
import type { NodeFacts } from './pod-status.ts';

export interface LogAsk {
  readonly worker: PodWorker;
  readonly runtime: NodeRuntime;
  readonly facts: NodeFacts;
  readonly options: LogOptions;
  readonly now: Instant;
}

/** Each chunk is one or more whole lines (except where `limitBytes` cuts). Throws ApiError where the kubelet refuses. */
export function containerLog({ worker, runtime, facts, options, now }: LogAsk): WatchSource<Uint8Array> {
  const pod = worker.pod();
  const name = options.container ?? pod.spec.containers[0]?.name ?? '';
  const record = worker.record.containers.find(({ container }) => container.name === name);
  if (!record) throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`);
  const { state, last } = record;
  const current = state.is === 'running' ? state : exitOf(record);
  const id = options.previous ? last?.id : current?.id;
  if (options.previous && !id)
    throw badRequest(`previous terminated container "${name}" in pod "${pod.metadata.name}" not found`);
  if (!id) {
    const { containerStatuses = [], initContainerStatuses = [] } = podStatus(pod, worker.record, now, facts);
    const waiting = [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name)?.state
      ?.waiting;
    throw badRequest(
      `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${waiting?.reason ?? 'ContainerCreating'}`,
    );
  }

  const lines = () => selected(runtime.log(id), options, now);
  const follows = options.follow === true && state.is === 'running' && state.id === id;
  return source(lines, options, follows ? (sink, end) => runtime.followLog(id, sink, end) : undefined);
}

function selected(
  lines: readonly LogLine[],
  { tailLines, sinceSeconds, sinceTime }: LogOptions,
  now: Instant,
): readonly LogLine[] {
  const since = sinceTime ?? (sinceSeconds === undefined ? -Infinity : now - sinceSeconds * 1000);
  const recent = lines.filter(({ at }) => at >= since);
  return tailLines === undefined || tailLines < 0 ? recent : recent.slice(Math.max(recent.length - tailLines, 0));
}

const textOf = ({ at, text }: LogLine, { timestamps }: LogOptions): string =>
  timestamps ? `${formatMicroTime(at).replace('Z', '000Z')} ${text}\n` : `${text}\n`;

type Follow = (sink: (line: LogLine) => void, end: () => void) => () => void;

function source(
  lines: () => readonly LogLine[],
  options: LogOptions,
  follow: Follow | undefined,
): WatchSource<Uint8Array> {
  const encoder = new TextEncoder();
  return {
    subscribe(sink, end) {
      let left = options.limitBytes ?? Infinity;
      const send = (some: readonly LogLine[]) => {
        const bytes = encoder.encode(some.map((line) => textOf(line, options)).join('')).slice(0, left);
        left -= bytes.length;
        if (bytes.length > 0) sink([bytes]);
      };
      send(lines());
      if (follow) return follow((line) => send([line]), end);
      end();
      return () => {};
    },
  };
}
