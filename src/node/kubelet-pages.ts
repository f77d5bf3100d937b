// What a kubelet says of itself over HTTP to those who may ask nodes/proxy: that it is well, its pods, and what they use.

import { utf8 } from '../base/bytes.ts';
import { createMetrics, type Sample } from '../base/metrics.ts';
import type { ProxyAnswer, ProxyRequest } from '../server/kubelets.ts';
import { ownUse } from './own-use.ts';
import type { Placed } from './reach.ts';

export async function kubeletPage(node: string, pods: readonly Placed[], { path }: ProxyRequest): Promise<ProxyAnswer> {
  switch (path.split('?')[0]?.replace(/(?<=.)\/$/, '')) {
    case '/healthz':
      return text(200, 'ok');
    case '/pods': {
      const items = pods.map(({ worker }) => worker.pod());
      const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
      return { status: 200, headers: { 'content-type': 'application/json' }, body: utf8(JSON.stringify(list)) };
    }
    case '/metrics/resource':
      return {
        ...text(200, await resourceMetrics(pods)),
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      };
    default:
      return text(
        404,
        `404 page not found: the kubelet of ${node} is simulated and has /healthz, /pods and /metrics/resource\n`,
      );
  }
}

const text = (status: number, content: string): ProxyAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: utf8(content),
});

interface Used {
  readonly container: string;
  readonly pod: string;
  readonly namespace: string;
  /** Core-seconds since it started, bytes, and when that was, in seconds since 1970. */
  readonly cpu: number;
  readonly memory: number;
  readonly startedAt: number;
}

function usedBy({ worker, host }: Placed): Used[] {
  const { name: pod = '', namespace = '' } = worker.pod().metadata;
  return worker.record.containers.flatMap(({ container, state }) => {
    const usage = state.is === 'running' ? host.runtime.usage(state.id) : undefined;
    if (state.is !== 'running' || !usage) return [];
    const { cpuSeconds: cpu, memory } = usage;
    return [{ container: container.name, pod, namespace, cpu, memory, startedAt: state.startedAt / 1000 }];
  });
}

/** In the names that kubelets promise to keep. */
function resourceMetrics(pods: readonly Placed[]): Promise<string> {
  const metrics = createMetrics();
  const used = pods.flatMap(usedBy);
  const show = (name: string, help: string, labels: readonly string[], samples: readonly Sample[]) =>
    metrics.asked(
      { name, help: `[STABLE] ${help}`, labels, type: name.endsWith('_total') ? 'counter' : 'gauge' },
      () => samples,
    );
  const each = (value: (use: Used) => number) =>
    used.map((use) => ({ values: [use.container, use.pod, use.namespace], value: value(use) }));
  const whole = (value: (use: Used) => number) =>
    [...summed(used, value)].map(([key, sum]) => ({ values: key.split('/'), value: sum }));
  const [ofContainer, ofPod] = [
    ['container', 'pod', 'namespace'],
    ['pod', 'namespace'],
  ];

  show(
    'container_cpu_usage_seconds_total',
    'Cumulative cpu time consumed by the container in core-seconds',
    ofContainer,
    each(({ cpu }) => cpu),
  );
  show(
    'container_memory_working_set_bytes',
    'Current working set of the container in bytes',
    ofContainer,
    each(({ memory }) => memory),
  );
  show(
    'container_start_time_seconds',
    'Start time of the container since unix epoch in seconds',
    ofContainer,
    each(({ startedAt }) => startedAt),
  );
  show(
    'pod_cpu_usage_seconds_total',
    'Cumulative cpu time consumed by the pod in core-seconds',
    ofPod,
    whole(({ cpu }) => cpu),
  );
  show(
    'pod_memory_working_set_bytes',
    'Current working set of the pod in bytes',
    ofPod,
    whole(({ memory }) => memory),
  );
  const memory = used.reduce((sum, use) => sum + use.memory, ownUse.memory);
  show(
    'node_memory_working_set_bytes',
    'Current working set of the node in bytes',
    [],
    [{ values: [], value: memory }],
  );
  show(
    'resource_scrape_error',
    '1 if there was an error while getting container metrics, 0 otherwise',
    [],
    [{ values: [], value: 0 }],
  );
  return metrics.text();
}

/** By pod and namespace. */
function summed(used: readonly Used[], value: (use: Used) => number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const use of used) {
    const key = `${use.pod}/${use.namespace}`;
    sums.set(key, (sums.get(key) ?? 0) + value(use));
  }
  return sums;
}
