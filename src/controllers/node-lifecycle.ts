// Notices nodes that fell silent, says so in their status, taints them, and lets their pods be evicted no faster than is wise.

import { type Duration, type Instant, seconds } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import { Lease } from '../kinds/coordination/lease.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { NodeCondition, Taint } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { podCondition, podsByNode, podsOn } from './pods.ts';
import { conditionOf } from './statuses.ts';
import { adjustedTaints, isConditionTaint, noScheduleTaints, notReady, unreachable } from './taints.ts';

export interface NodeLifecycleOptions {
  /** How long a node may be silent: `--node-monitor-grace-period`. Default 50 seconds. */
  readonly gracePeriod?: Duration;
  /** The same for a node that never spoke: `--node-startup-grace-period`. Default 60 seconds. */
  readonly startupGracePeriod?: Duration;
}

/** Between two nodes tainted for eviction in a zone (`--node-eviction-rate` 0.1 a second), and in a large zone that is mostly down. */
const evictionInterval = seconds(10);
const slowEvictionInterval = seconds(100);
/** Zones up to this size stop evicting altogether while mostly down. */
const largeZone = 50;
const mostlyDown = 0.55;
const pollInterval = seconds(5);

/** What silence makes of a node's conditions; undefined when they say so already. */
export function planSilence(node: Node, now: Instant): NodeCondition[] | undefined {
  const before = node.status?.conditions ?? [];
  const time = formatTime(now);
  let changed = false;
  const after = [...before];
  for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    const at = after.findIndex((condition) => condition.type === type);
    const current = after[at];
    if (current?.status === 'Unknown') continue;
    changed = true;
    if (!current) after.push(neverPosted(node, type, time));
    else
      after[at] = {
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: time,
      };
  }
  return changed ? after : undefined;
}

const neverPosted = (node: Node, type: string, time: string): NodeCondition => ({
  type,
  status: 'Unknown',
  lastHeartbeatTime: node.metadata.creationTimestamp ?? time,
  lastTransitionTime: time,
  reason: 'NodeStatusNeverUpdated',
  message: 'Kubelet never posted node status.',
});

export const readiness = (node: Node): 'True' | 'False' | 'Unknown' =>
  conditionOf(node.status?.conditions, 'Ready')?.status ?? 'Unknown';

/** How nodes of a zone may be tainted for eviction: so often, or not now (undefined). */
export function evictionPace(zone: readonly Node[], all: readonly Node[]): Duration | undefined {
  if (all.every((node) => readiness(node) !== 'True')) return undefined;
  const down = zone.filter((node) => readiness(node) !== 'True').length;
  const mostly = down < zone.length && down > 2 && down / zone.length >= mostlyDown;
  if (!mostly) return evictionInterval;
  return zone.length > largeZone ? slowEvictionInterval : undefined;
}

/** `region:…:zone` of a node's labels. */
const zoneOf = ({ metadata: { labels = {} } }: Node): string =>
  `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`;

const evictionTaint = (node: Node): Taint[] => {
  const ready = readiness(node);
  if (ready === 'True') return [];
  return [{ key: ready === 'False' ? notReady : unreachable, effect: 'NoExecute' }];
};

export function nodeLifecycleController(options: NodeLifecycleOptions = {}): Controller {
  const { gracePeriod = seconds(50), startupGracePeriod = seconds(60) } = options;
  /** The last signs of life by node name, and when they were seen here: kubelets' clocks are not trusted. */
  const seen = new Map<string, { readonly signs: string; readonly at: Instant }>();
  const lastEviction = new Map<string, Instant>();

  /** How long a node may go on being silent; negative when it was so for too long. */
  function patience(node: Node, { lister, clock }: Context): Duration {
    const name = node.metadata.name ?? '';
    const ready = conditionOf(node.status?.conditions, 'Ready');
    const lease = lister(Lease).get(name, 'kube-node-lease');
    const signs = `${node.metadata.uid} ${lease?.spec?.renewTime} ${ready?.lastHeartbeatTime} ${ready?.status !== 'Unknown' && ready?.lastTransitionTime}`;
    const known = seen.get(name);
    const at = known?.signs === signs ? known.at : clock.now();
    seen.set(name, { signs, at });
    return at + (ready ? gracePeriod : startupGracePeriod) - clock.now();
  }

  /** The eviction taints the node gets now, and when to look again if it has to wait for its turn. */
  function turn(node: Node, { lister, clock }: Context): { wanted: Taint[]; after?: Duration } {
    const wanted = evictionTaint(node);
    const [taint] = wanted;
    const has = node.spec?.taints?.some(
      (each) => each.effect === 'NoExecute' && (each.key === notReady || each.key === unreachable),
    );
    if (!taint) return { wanted };
    const all = lister(Node).list();
    const zone = zoneOf(node);
    const pace = evictionPace(
      all.filter((each) => zoneOf(each) === zone),
      all,
    );
    if (pace === undefined) {
      const keep = has && all.some((each) => readiness(each) === 'True');
      return { wanted: keep ? wanted : [], after: pollInterval };
    }
    if (has) return { wanted };
    const wait = (lastEviction.get(zone) ?? Number.NEGATIVE_INFINITY) + pace - clock.now();
    if (wait > 0) return { wanted: [], after: wait };
    lastEviction.set(zone, clock.now());
    return { wanted };
  }

  return defineController<Node>({
    name: 'node-controller',
    for: Node,
    watches: [
      watching(Lease, ({ metadata }) =>
        metadata.namespace === 'kube-node-lease' ? [{ name: metadata.name ?? '', namespace: '' }] : [],
      ),
      watching(Pod, () => []),
    ],
    indexes: [podsByNode],

    async reconcile(node, context) {
      const left = patience(node, context);
      if (left <= 0) {
        const conditions = planSilence(node, context.clock.now());
        if (conditions) {
          await fallSilent(node, conditions, context);
          return { after: 0 };
        }
      }
      const ready = readiness(node);
      if (ready !== 'True') await unreadyPods(node, context);
      const { wanted, after } = turn(node, context);
      await setTaints(node, wanted, context);
      const next = Math.min(after ?? Number.POSITIVE_INFINITY, left > 0 ? left : Number.POSITIVE_INFINITY);
      return Number.isFinite(next) ? { after: next } : undefined;
    },

    async gone({ name }) {
      seen.delete(name);
    },
  });
}

async function fallSilent(node: Node, conditions: NodeCondition[], context: Context): Promise<void> {
  const wasReady = readiness(node) === 'True';
  await context.client.updateStatus(Node, { ...node, status: { ...node.status, conditions } });
  if (wasReady)
    context.event(node, { reason: 'NodeNotReady', message: `Node ${node.metadata.name} status is now: NodeNotReady` });
}

/** Pods of a node that is not ready are not ready either, whatever they last said. */
async function unreadyPods(node: Node, context: Context): Promise<void> {
  for (const pod of podsOn(node.metadata.name ?? '', context)) {
    if (podCondition(pod, 'Ready')?.status !== 'True') continue;
    const time = formatTime(context.clock.now());
    const conditions = (pod.status?.conditions ?? []).map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'False' as const, lastTransitionTime: time } : condition,
    );
    await context.client.updateStatus(Pod, { ...pod, status: { ...pod.status, conditions } });
    context.event(pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
  }
}

async function setTaints(node: Node, evicting: readonly Taint[], context: Context): Promise<void> {
  const now = formatTime(context.clock.now());
  const before = node.spec?.taints ?? [];
  const scheduling = adjustedTaints(before, noScheduleTaints(node), isConditionTaint('NoSchedule'), now);
  const taints = adjustedTaints(scheduling ?? before, evicting, isConditionTaint('NoExecute'), now) ?? scheduling;
  if (!taints) return;
  const { resourceVersion } = node.metadata;
  await context.patch(
    Node,
    node,
    { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } },
    { type: 'merge' },
  );
}
