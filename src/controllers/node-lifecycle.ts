// Notices nodes that fell silent, says so in their status, taints them, and lets their pods be evicted no faster than is wise.

import { type Duration, type Instant, seconds } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import { Lease } from '../kinds/coordination/lease.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { NodeCondition, Taint } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { podCondition } from '../kinds/core/pod-facts.ts';
import { podsByNode, podsOn } from './pods.ts';
import { conditionOf } from '../kinds/conditions.ts';
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
  if (isAllDown(all)) return undefined;
  const down = zone.filter((node) => readiness(node) !== 'True').length;
  const mostly = down < zone.length && down > 2 && down / zone.length >= mostlyDown;
  if (!mostly) return evictionInterval;
  return zone.length > largeZone ? slowEvictionInterval : undefined;
}

/** `region:…:zone` of a node's labels. */
const zoneOf = ({ metadata: { labels = {} } }: Node): string =>
  `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`;

const isAllDown = (nodes: readonly Node[]): boolean => nodes.every((node) => readiness(node) !== 'True');

/** Whether the node counts when zones are judged. */
const isCounted = ({ metadata: { labels = {} } }: Node): boolean =>
  labels['node.kubernetes.io/exclude-disruption'] === undefined;

/** A node that has not said yet whether it is ready keeps the taints it came with. */
function evictionTaint(node: Node): Taint[] {
  const ready = conditionOf(node.status?.conditions, 'Ready')?.status;
  if (ready === 'True') return [];
  if (ready === undefined) return (node.spec?.taints ?? []).filter(isConditionTaint('NoExecute'));
  return [{ key: ready === 'False' ? notReady : unreachable, effect: 'NoExecute' }];
}

/** Labels that repeat others under their former names. */
const repeatedLabels = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

/** The former labels a node lacks or has wrong. */
export function missingLabels({ metadata: { labels = {} } }: Node): Record<string, string> {
  return Object.fromEntries(
    repeatedLabels.flatMap(([now, former]) => {
      const value = labels[now];
      return value !== undefined && labels[former] !== value ? [[former, value]] : [];
    }),
  );
}

export function nodeLifecycleController(options: NodeLifecycleOptions = {}): Controller {
  const { gracePeriod = seconds(50), startupGracePeriod = seconds(60) } = options;
  /** The last signs of life by node name, and when they were seen here: kubelets' clocks are not trusted. */
  const seen = new Map<string, { readonly signs: string; readonly at: Instant }>();
  const lastEviction = new Map<string, Instant>();
  /** Nodes met here, by name, with their uid. */
  const registered = new Map<string, string>();
  /** Nodes that fell silent and whose pods do not all say so yet. */
  const unsettled = new Set<string>();

  function register(node: Node, context: Context): void {
    const { name = '', uid = '' } = node.metadata;
    if (registered.has(name)) return;
    registered.set(name, uid);
    tellOf({ name, uid }, 'RegisteredNode', `Registered Node ${name} in Controller`, context);
  }

  /** Says that the node is not heard of any more, and that its pods are not ready. */
  async function fallSilent(node: Node, conditions: NodeCondition[], context: Context): Promise<void> {
    const { name = '' } = node.metadata;
    const wasReady = readiness(node) === 'True';
    if (wasReady) unsettled.add(name);
    await context.client.updateStatus(Node, { ...node, status: { ...node.status, conditions } });
    if (wasReady) context.event(node, { reason: 'NodeNotReady', message: `Node ${name} status is now: NodeNotReady` });
  }

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
    const all = lister(Node).list().filter(isCounted);
    const zone = zoneOf(node);
    const pace = evictionPace(
      all.filter((each) => zoneOf(each) === zone),
      all,
    );
    if (pace === undefined) {
      const keep = has && !isAllDown(all);
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
      register(node, context);
      const left = patience(node, context);
      if (left <= 0) {
        const conditions = planSilence(node, context.clock.now());
        if (conditions) {
          await fallSilent(node, conditions, context);
          return { after: 0 };
        }
      }
      if (unsettled.has(node.metadata.name ?? '')) {
        await unreadyPods(node, context);
        unsettled.delete(node.metadata.name ?? '');
      }
      const labels = missingLabels(node);
      if (Object.keys(labels).length > 0) {
        await context.patch(Node, node, { metadata: { labels } }, { type: 'merge' });
        return { after: 0 };
      }
      const { wanted, after } = turn(node, context);
      await setTaints(node, wanted, context);
      const next = Math.min(after ?? Number.POSITIVE_INFINITY, left > 0 ? left : Number.POSITIVE_INFINITY);
      return Number.isFinite(next) ? { after: next } : undefined;
    },

    async gone({ name }, context) {
      seen.delete(name);
      unsettled.delete(name);
      const uid = registered.get(name);
      registered.delete(name);
      if (uid !== undefined) tellOf({ name, uid }, 'RemovingNode', `Removing Node ${name} from Controller`, context);
    },
  });
}

const tellOf = (node: { name: string; uid: string }, reason: string, what: string, { event }: Context): void =>
  event({ apiVersion: 'v1', kind: 'Node', metadata: node }, { reason, message: `Node ${node.name} event: ${what}` });

/** Pods of a node that fell silent are not ready either, whatever they last said. */
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
