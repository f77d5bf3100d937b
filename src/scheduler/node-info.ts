// What the scheduler knows of one node: what it has, what is asked of it, and the pods it carries.

import type { Labels } from '../base/selectors.ts';
import { bytesOf } from '../base/quantity.ts';
import type { Taint } from '../kinds/generated/types/core-v1.ts';
import type { Node } from '../kinds/core/node.ts';
import type { HostPort, PodInfo } from './pod-info.ts';
import { addAmounts, type Amounts, amountsOf, copyAmounts, noAmounts } from './resources.ts';

/** How often each address holds a port, by `protocol/port`. */
type PortUse = Map<string, Map<string, number>>;

export interface NodeInfo {
  readonly name: string;
  /** The node's place in arrays that hold one number per node. */
  readonly slot: number;
  /** Undefined while pods name a node that does not exist (yet, or any more). */
  node: Node | undefined;
  labels: Labels;
  taints: readonly Taint[];
  allocatable: Amounts;
  allowedPods: number;
  readonly requested: Amounts;
  /** Requests with a minimum for containers that name none. */
  readonly scored: { milliCPU: number; memory: number };
  readonly pods: Map<string, PodInfo>;
  readonly ports: PortUse;
  /** Sizes by name of the images the node has. */
  images: ReadonlyMap<string, number>;
}

const noLabels: Labels = {};

export const newNodeInfo = (name: string, slot: number): NodeInfo => ({
  name,
  slot,
  node: undefined,
  labels: noLabels,
  taints: [],
  allocatable: noAmounts(),
  allowedPods: 0,
  requested: noAmounts(),
  scored: { milliCPU: 0, memory: 0 },
  pods: new Map(),
  ports: new Map(),
  images: new Map(),
});

export const allowedPodsOf = (node: Node | undefined): number => bytesOf(node?.status?.allocatable?.['pods'] ?? '0');

/** Takes over what the Node object says; its pods stay. */
export function describeNode(info: NodeInfo, node: Node | undefined): void {
  info.node = node;
  info.labels = node?.metadata.labels ?? noLabels;
  info.taints = node?.spec?.taints ?? [];
  info.allocatable = amountsOf(node?.status?.allocatable);
  info.allowedPods = allowedPodsOf(node);
  info.images = new Map(
    node?.status?.images?.flatMap(({ names, sizeBytes }) => names.map((name) => [name, sizeBytes ?? 0] as const)),
  );
}

export function placePod(info: NodeInfo, pod: PodInfo): void {
  info.pods.set(pod.uid, pod);
  count(info, pod, 1);
}

export function takePod(info: NodeInfo, pod: PodInfo): void {
  info.pods.delete(pod.uid);
  count(info, pod, -1);
}

/** A copy to try things on. */
export const copyNode = (info: NodeInfo): NodeInfo => ({
  ...info,
  requested: copyAmounts(info.requested),
  scored: { ...info.scored },
  pods: new Map(info.pods),
  ports: new Map([...info.ports].map(([key, addresses]) => [key, new Map(addresses)])),
});

const anyAddress = '0.0.0.0';

/** Whether a pod of this node holds the port: the wildcard address meets every address. */
export function isPortTaken(info: NodeInfo, { ip, protocol, port }: HostPort): boolean {
  const addresses = info.ports.get(`${protocol}/${port}`);
  if (!addresses || addresses.size === 0) return false;
  return ip === anyAddress || addresses.has(anyAddress) || addresses.has(ip);
}

export const areInConflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === anyAddress || b.ip === anyAddress || a.ip === b.ip);

function count(info: NodeInfo, pod: PodInfo, sign: 1 | -1): void {
  addAmounts(info.requested, pod.requests, sign);
  info.scored.milliCPU += sign * pod.scored.milliCPU;
  info.scored.memory += sign * pod.scored.memory;
  for (const port of pod.ports) countPort(info.ports, port, sign);
}

function countPort(ports: PortUse, { ip, protocol, port }: HostPort, sign: 1 | -1): void {
  const key = `${protocol}/${port}`;
  let addresses = ports.get(key);
  if (!addresses) ports.set(key, (addresses = new Map()));
  const holders = (addresses.get(ip) ?? 0) + sign;
  if (holders > 0) addresses.set(ip, holders);
  else addresses.delete(ip);
}
