// How much a pod asks for and a node has, in whole numbers: thousandths of a CPU, bytes, pieces.

import { bytesOf, milliOf } from '../base/quantity.ts';
import type { Container, ContainerStatus } from '../kinds/generated/types/core-v1.ts';
import type { Pod } from '../kinds/core/pod.ts';

export interface Amounts {
  milliCPU: number;
  memory: number;
  ephemeralStorage: number;
  /** Huge pages and extended resources, by name; undefined when there are none. */
  scalars: Map<string, number> | undefined;
}

/** Amounts by resource name; CPU in thousandths. */
type Named = Map<string, number>;

/** What a container that names no request counts as when nodes are scored, so that such pods spread too. */
const unnamedRequests: Readonly<Record<string, string>> = { cpu: '100m', memory: '200Mi' };

export const noAmounts = (): Amounts => ({ milliCPU: 0, memory: 0, ephemeralStorage: 0, scalars: undefined });

export function addAmounts(to: Amounts, amounts: Amounts, sign: 1 | -1): void {
  to.milliCPU += sign * amounts.milliCPU;
  to.memory += sign * amounts.memory;
  to.ephemeralStorage += sign * amounts.ephemeralStorage;
  if (!amounts.scalars) return;
  to.scalars ??= new Map();
  for (const [name, amount] of amounts.scalars) to.scalars.set(name, (to.scalars.get(name) ?? 0) + sign * amount);
}

export const copyAmounts = (amounts: Amounts): Amounts => ({
  ...amounts,
  scalars: amounts.scalars && new Map(amounts.scalars),
});

const plain: Readonly<Record<string, 'milliCPU' | 'memory' | 'ephemeralStorage'>> = {
  cpu: 'milliCPU',
  memory: 'memory',
  'ephemeral-storage': 'ephemeralStorage',
};

/** Where amounts keep a resource that every node has. */
export const plainKeyOf = (name: string): 'milliCPU' | 'memory' | 'ephemeralStorage' | undefined => plain[name];

/** How much of a resource there is, by its name; CPU in thousandths. */
export function amountOf(amounts: Amounts, name: string): number {
  const key = plain[name];
  return key ? amounts[key] : (amounts.scalars?.get(name) ?? 0);
}

/** The resources of which there is something. */
export const namesOf = (amounts: Amounts): readonly string[] =>
  [...Object.keys(plain), ...(amounts.scalars?.keys() ?? [])].filter((name) => amountOf(amounts, name) > 0);

/** A resource list (`{cpu: 250m, …}`) as amounts. `pods` is not one of them. */
export const amountsOf = (list: Readonly<Record<string, string>> | undefined): Amounts => toAmounts(namedOf(list));

export interface PodRequests {
  readonly requests: Amounts;
  /** CPU and memory with a minimum for containers that name none; for scores only. */
  readonly scored: { readonly milliCPU: number; readonly memory: number };
}

/** What the pod asks a node for: its containers and sidecars together, or an init container if that is more, or what the pod as a whole names. */
export function requestsOf(pod: Pod): PodRequests {
  const scored = sumOf(pod, unnamedRequests);
  return {
    requests: toAmounts(sumOf(pod, undefined)),
    scored: { milliCPU: scored.get('cpu') ?? 0, memory: scored.get('memory') ?? 0 },
  };
}

function sumOf(pod: Pod, unnamed: Readonly<Record<string, string>> | undefined): Named {
  const { spec, status } = pod;
  const total: Named = new Map();
  for (const container of spec?.containers ?? []) {
    add(total, containerRequests(container, status?.containerStatuses, unnamed));
  }
  const starting = startingRequests(pod, total, unnamed);
  for (const [name, amount] of starting) if (amount > (total.get(name) ?? 0)) total.set(name, amount);
  for (const [name, amount] of namedOf(spec?.resources?.requests)) if (isPodLevel(name)) total.set(name, amount);
  add(total, namedOf(spec?.overhead));
  return total;
}

/** The most that is needed while init containers run one after the other; sidecars, which stay, are added to `total`. */
function startingRequests(pod: Pod, total: Named, unnamed: Readonly<Record<string, string>> | undefined): Named {
  const most: Named = new Map();
  const sidecars: Named = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    const requests = containerRequests(container, pod.status?.initContainerStatuses, unnamed);
    if (container.restartPolicy === 'Always') {
      add(total, requests);
      add(sidecars, requests);
      raise(most, sidecars);
    } else {
      const together = new Map(requests);
      add(together, sidecars);
      raise(most, together);
    }
  }
  return most;
}

/** A container being resized in place counts with the larger of what it wants and what it still has. */
function containerRequests(
  container: Container,
  statuses: readonly ContainerStatus[] | undefined,
  unnamed: Readonly<Record<string, string>> | undefined,
): Named {
  const requests = namedOf(container.resources?.requests);
  const status = statuses?.find(({ name }) => name === container.name);
  if (status?.allocatedResources) raise(requests, namedOf(status.allocatedResources));
  if (status?.resources?.requests) raise(requests, namedOf(status.resources.requests));
  for (const [name, text] of Object.entries(unnamed ?? {}))
    if (!requests.has(name)) requests.set(name, read(name, text));
  return requests;
}

/** Whether a resource is one that Kubernetes itself knows nothing about: it has a domain of its own. */
export const isExtended = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');

const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

const read = (name: string, text: string): number => (name === 'cpu' ? milliOf(text) : bytesOf(text));

function namedOf(list: Readonly<Record<string, string>> | undefined): Named {
  const named: Named = new Map();
  if (list) for (const name of Object.keys(list)) named.set(name, read(name, list[name] ?? '0'));
  return named;
}

function add(to: Named, amounts: Named): void {
  for (const [name, amount] of amounts) to.set(name, (to.get(name) ?? 0) + amount);
}

function raise(to: Named, amounts: Named): void {
  for (const [name, amount] of amounts) if (amount > (to.get(name) ?? 0)) to.set(name, amount);
}

function toAmounts(named: Named): Amounts {
  const amounts = noAmounts();
  for (const [name, amount] of named) {
    if (name === 'cpu') amounts.milliCPU = amount;
    else if (name === 'memory') amounts.memory = amount;
    else if (name === 'ephemeral-storage') amounts.ephemeralStorage = amount;
    else if (name !== 'pods') (amounts.scalars ??= new Map()).set(name, amount);
  }
  return amounts;
}
