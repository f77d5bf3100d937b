// metrics.k8s.io, as the metrics server answers: what nodes and pods use now, measured when asked.

import { formatTime } from '../../base/time.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { Node } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import type { NodeMetrics, PodMetrics } from '../../kinds/metrics/resource-metrics.ts';
import type { NodeUsage } from '../kubelets.ts';
import type { Server } from '../server.ts';
import { computed } from './computed.ts';
import type { VirtualHandler } from './index.ts';

export const nodeMetrics: VirtualHandler = async (server, exchange, target) => {
  const nodes = (await server.caches.of(Node as unknown as Kind)).mirror;
  const measured = measure(server).flatMap((usage): NodeMetrics[] => {
    const node = nodes.get(usage.node);
    return node ? [{ ...head(server, node), usage: written(total(usage)) }] : [];
  });
  return computed(server, exchange, target, { objects: measured, called: 'nodemetrics' });
};

export const podMetrics: VirtualHandler = async (server, exchange, target) => {
  const pods = (await server.caches.of(Pod as unknown as Kind)).mirror;
  const measured = measure(server)
    .flatMap((usage) => usage.pods)
    .flatMap(({ namespace, name, containers }): PodMetrics[] => {
      const pod = pods.get(name, namespace);
      const each = containers.map((container) => ({ name: container.name, usage: written(container) }));
      return pod ? [{ ...head(server, pod), containers: each }] : [];
    });
  return computed(server, exchange, target, { objects: measured, called: 'podmetrics' });
};

const measure = ({ kubelets }: Server): readonly NodeUsage[] => kubelets?.usage() ?? [];

/** Over what time a measurement is said to be taken: simulated use is what it is at the moment of asking. */
const window = '10s';

/** Whose metrics they are, and when. The mark of simulated nodes and pods is taken over, for what they use is modelled. */
function head({ clock }: Server, { metadata }: KubeObject) {
  const { name, namespace, labels, annotations = {} } = metadata;
  const marks = Object.fromEntries(Object.entries(annotations).filter(([key]) => key === 'portolan.dev/simulated'));
  const now = formatTime(clock.now());
  return {
    metadata: {
      name: name ?? '',
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(Object.keys(marks).length > 0 && { annotations: marks }),
      creationTimestamp: now,
    },
    timestamp: now,
    window,
  };
}

interface Use {
  readonly cpu: number;
  readonly memory: number;
}

const total = ({ own, pods }: NodeUsage): Use =>
  pods
    .flatMap(({ containers }) => containers)
    .reduce<Use>((sum, { cpu, memory }) => ({ cpu: sum.cpu + cpu, memory: sum.memory + memory }), own);

/** Nanocores and kibibytes, as the metrics server writes them. */
const written = ({ cpu, memory }: Use): { cpu: string; memory: string } => ({
  cpu: cpu === 0 ? '0' : `${Math.round(cpu * 1e9)}n`,
  memory: memory === 0 ? '0' : `${Math.ceil(memory / 1024)}Ki`,
});
