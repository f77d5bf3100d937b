// What would make a waiting pod fit, each change tried on a copy: of the pod, or of the cluster.

import type { Remedy } from '../kinds/why/explanation.ts';
import type { Container, PodSpec, Taint, Toleration } from '../kinds/generated/types/core-v1.ts';
import type { Node } from '../kinds/core/node.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { examination, shortOf, taintText, untolerated, zoneOf } from './explain.ts';
import { amountOf, freeOn, printAmount } from './figures.ts';
import type { NodeInfo } from './node-info.ts';
import type { Plugin } from './plugin.ts';
import { type PodInfo, podInfoOf } from './pod-info.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';

/** So many are told, and so many kinds of node are tried as a further one. */
const mostTold = 3;
const mostTried = 12;

interface Trial {
  readonly snapshot: Snapshot;
  readonly pod: PodInfo;
  /** The nodes by what refuses them. */
  readonly nodes: readonly {
    readonly node: NodeInfo;
    readonly plugins: ReadonlySet<string>;
    readonly short: readonly string[];
  }[];
  /** Where the pod would fit if it were so. */
  fitsAs(spec: Partial<PodSpec>): NodeInfo | undefined;
  /** Whether it would fit on this node, if the node were so. */
  fitsOn(node: Node): boolean;
}

/** Changes that help by themselves, the smallest first; none where no single one does. */
export function remediesFor(snapshot: Snapshot, pod: PodInfo, plugins: readonly Plugin[]): readonly Remedy[] {
  const trial = trialOf(snapshot, pod, plugins);
  const found: Remedy[] = [];
  for (const seek of seekers) {
    found.push(...seek(trial));
    if (found.length >= mostTold) break;
  }
  return found.slice(0, mostTold);
}

function trialOf(snapshot: Snapshot, pod: PodInfo, plugins: readonly Plugin[]): Trial {
  const examine = examination(snapshot, pod, plugins);
  return {
    snapshot,
    pod,
    nodes: snapshot.nodes().map((node) => {
      const refusals = examine(node);
      return {
        node,
        plugins: new Set(refusals.map(({ plugin }) => plugin)),
        short: refusals.flatMap(({ reasons }) => shortOf(reasons)),
      };
    }),
    fitsAs: (spec) => firstFit(snapshot, changed(pod, spec), plugins),
    fitsOn: (node) => fitsOn(snapshot, pod, { node, plugins }),
  };
}

function changed({ pod }: PodInfo, spec: Partial<PodSpec>): PodInfo {
  return podInfoOf({ ...pod, spec: { ...pod.spec, ...spec } as PodSpec } as Pod);
}

function firstFit(snapshot: Snapshot, pod: PodInfo, plugins: readonly Plugin[]): NodeInfo | undefined {
  const examine = examination(snapshot, pod, plugins);
  return snapshot.nodes().find((node) => examine(node).length === 0);
}

/** Nodes that nothing but this plugin refuses. */
const refusedOnlyBy = ({ nodes }: Trial, plugin: string) =>
  nodes.filter(({ plugins }) => plugins.size === 1 && plugins.has(plugin));

const effectOn = ({ name }: NodeInfo): string => `it then fits on ${name}`;

/** A node that is cordoned and has room. */
function uncordoning({ nodes, fitsOn: fits }: Trial): Remedy[] {
  const cordoned = nodes.filter(({ node }) => node.node?.spec?.unschedulable === true);
  for (const { node } of cordoned.slice(0, mostTried)) {
    if (!fits(uncordoned(node.node as Node))) continue;
    return [{ change: `uncordon ${node.name}`, effect: effectOn(node), command: `kubectl uncordon ${node.name}` }];
  }
  return [];
}

const uncordoned = (node: Node): Node => ({
  ...node,
  spec: {
    ...node.spec,
    unschedulable: false,
    taints: node.spec?.taints?.filter(({ key }) => key !== 'node.kubernetes.io/unschedulable') ?? [],
  },
});

/** The node with the least missing, as a share of what is asked; what the largest container asks for shrinks by that. */
function smallerRequests(trial: Trial): Remedy[] {
  const { pod } = trial;
  const candidates = refusedOnlyBy(trial, 'NodeResourcesFit')
    .filter(({ short }) => short.length > 0)
    .map(({ node, short }) => ({
      node,
      lower: short.map((resource) => ({ resource, by: amountOf(pod.requests, resource) - freeOn(node, resource) })),
    }))
    .map((each) => ({
      ...each,
      loss: Math.max(...each.lower.map(({ resource, by }) => by / amountOf(pod.requests, resource))),
    }))
    .sort((a, b) => a.loss - b.loss);
  for (const { node, lower, loss } of candidates.slice(0, mostTried)) {
    if (loss >= 1) break;
    const shrunk = shrink(pod.pod.spec?.containers ?? [], lower);
    if (!shrunk || !trial.fitsAs({ containers: shrunk.containers })) continue;
    return [{ change: shrunk.texts.join(', '), effect: effectOn(node) }];
  }
  return [];
}

interface Lower {
  readonly resource: string;
  readonly by: number;
}

function shrink(containers: readonly Container[], lower: readonly Lower[]) {
  const texts: string[] = [];
  let next = [...containers];
  for (const { resource, by } of lower) {
    const [largest] = next
      .map((container) => ({ container, asks: requestOf(container, resource) }))
      .sort((a, b) => b.asks - a.asks);
    if (!largest || largest.asks <= by) return undefined;
    const less = printAmount(resource, largest.asks - by);
    texts.push(
      `request ${less} instead of ${printAmount(resource, largest.asks)} ${resource} (container ${largest.container.name})`,
    );
    next = next.map((each) => (each === largest.container ? withRequest(each, resource, less) : each));
  }
  return { containers: next, texts };
}

const requestOf = ({ resources }: Container, resource: string): number =>
  amountOf(
    podInfoOf({ metadata: {}, spec: { containers: [{ name: '', resources: resources ?? {} }] } } as Pod).requests,
    resource,
  );

const withRequest = (container: Container, resource: string, amount: string): Container => ({
  ...container,
  resources: { ...container.resources, requests: { ...container.resources?.requests, [resource]: amount } },
});

/** The taints of the node that has the fewest. Those that say a node is broken are no matter of taste. */
function toleration(trial: Trial): Remedy[] {
  const { pod } = trial;
  const candidates = refusedOnlyBy(trial, 'TaintToleration')
    .map(({ node }) => ({ node, taints: untolerated(pod, node) }))
    .filter(({ taints }) => taints.every(({ key }) => !key.startsWith('node.kubernetes.io/')))
    .sort((a, b) => a.taints.length - b.taints.length);
  const [first] = candidates;
  if (!first) return [];
  const tolerations = [...(pod.pod.spec?.tolerations ?? []), ...first.taints.map(tolerationOf)];
  if (!trial.fitsAs({ tolerations })) return [];
  return [{ change: `tolerate ${first.taints.map(taintText).join(' and ')}`, effect: effectOn(first.node) }];
}

const tolerationOf = ({ key, value, effect }: Taint): Toleration => ({
  key,
  operator: value ? 'Equal' : 'Exists',
  ...(value && { value }),
  effect,
});

/** One of the pod's wishes given up: what the others refuse stays refused. */
function relaxation(trial: Trial): Remedy[] {
  const { spec } = trial.pod.pod;
  const tries: readonly { readonly change: string; readonly spec: Partial<PodSpec> }[] = [
    ...(spec?.topologySpreadConstraints ?? []).flatMap((constraint, i, all) =>
      constraint.whenUnsatisfiable === 'DoNotSchedule'
        ? [
            {
              change: `whenUnsatisfiable: ScheduleAnyway for the spread over ${constraint.topologyKey} (maxSkew ${constraint.maxSkew})`,
              spec: { topologySpreadConstraints: all.filter((_, other) => other !== i) },
            },
          ]
        : [],
    ),
    ...withoutTerms(spec, 'podAntiAffinity'),
    ...withoutTerms(spec, 'podAffinity'),
    ...Object.entries(spec?.nodeSelector ?? {}).map(([key, value]) => ({
      change: `no nodeSelector ${key}=${value}, or a node that has this label`,
      spec: {
        nodeSelector: Object.fromEntries(Object.entries(spec?.nodeSelector ?? {}).filter(([other]) => other !== key)),
      },
    })),
    ...(spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ? [
          {
            change: 'a wider nodeAffinity, preferred rather than required',
            spec: { affinity: { ...spec.affinity, nodeAffinity: {} } },
          },
        ]
      : []),
    ...(spec?.containers.some(({ ports }) => ports?.some(({ hostPort }) => hostPort))
      ? [{ change: 'no hostPort, but a Service', spec: { containers: spec.containers.map(withoutHostPorts) } }]
      : []),
  ];
  return tries.flatMap(({ change, spec: variant }) => {
    const node = trial.fitsAs(variant);
    return node ? [{ change, effect: effectOn(node) }] : [];
  });
}

function withoutTerms(spec: PodSpec | undefined, which: 'podAffinity' | 'podAntiAffinity') {
  const required = spec?.affinity?.[which]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return required.map((term, i) => ({
    change: `${which} over ${term.topologyKey} preferred rather than required`,
    spec: {
      affinity: {
        ...spec?.affinity,
        [which]: { requiredDuringSchedulingIgnoredDuringExecution: required.filter((_, other) => other !== i) },
      },
    },
  }));
}

const withoutHostPorts = (container: Container): Container => ({
  ...container,
  ports: container.ports?.map(({ hostPort: _, ...port }) => port) ?? [],
});

/** A node like one of these, empty: one of each zone is tried. */
function anotherNode({ nodes, fitsOn: fits }: Trial): Remedy[] {
  const byZone = new Map<string, NodeInfo>();
  for (const { node } of nodes) if (!byZone.has(zoneOf(node))) byZone.set(zoneOf(node), node);
  const tried = [...byZone].slice(0, mostTried);
  const helpful = tried.filter(([, { node }]) => node && fits(likeness(node)));
  if (helpful.length === 0) return [];
  const zones = helpful.map(([zone]) => zone).filter(Boolean);
  const where =
    zones.length === 0 ? '' : zones.length === tried.length ? ' in any zone' : ` in zone ${zones.join(' or ')}`;
  return [{ change: `one more node like ${helpful[0]?.[1].name}${where}` }];
}

const freshName = 'one-more-node';

const likeness = (node: Node): Node => ({
  ...uncordoned(node),
  metadata: {
    name: freshName,
    labels: { ...node.metadata.labels, 'kubernetes.io/hostname': freshName },
  },
  spec: {
    ...node.spec,
    unschedulable: false,
    taints: node.spec?.taints?.filter(({ key }) => !key.startsWith('node.kubernetes.io/')) ?? [],
  },
});

/** In a cluster in which this node is so. */
function fitsOn(
  snapshot: Snapshot,
  pod: PodInfo,
  { node, plugins }: { readonly node: Node; readonly plugins: readonly Plugin[] },
): boolean {
  const copy = copyOf(snapshot);
  copy.setNode(node);
  const info = copy.node(node.metadata.name ?? '');
  const examine = examination(copy, pod, plugins);
  return info !== undefined && examine(info).length === 0;
}

/** A snapshot of its own, with the same nodes and pods. */
export function copyOf(snapshot: Snapshot): Snapshot {
  const copy = createSnapshot(snapshot.view);
  for (const { node, name, pods } of snapshot.nodes()) {
    if (node) copy.setNode(node);
    for (const pod of pods.values()) copy.place(pod, name);
  }
  return copy;
}

/** The smallest change first: what changes nobody's manifest, then the pod's figures, its wishes, and last the cluster. */
const seekers: readonly ((trial: Trial) => Remedy[])[] = [
  uncordoning,
  smallerRequests,
  toleration,
  relaxation,
  anotherNode,
];
