// Puts the endpoints of one set of ports into slices of a hundred: what is there stays where it is, and as few slices as can be are written.

import { canonicalJson, deepEqual } from '../../base/equal.ts';
import type { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import type { Endpoint, EndpointPort } from '../../kinds/generated/types/discovery-v1.ts';

export const mostEndpoints = 100;

/** The published name of what a slice's ports are. */
export const slicePort = 'io.k8s.api.discovery.v1.EndpointPort';

/** The same for the same ports in any order. */
export const portsKey = (ports: readonly EndpointPort[] | null | undefined): string =>
  (ports ?? []).map(canonicalJson).sort().join();

/** What is to be done with slices, and those with which nothing is. */
export interface Drafts {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  readonly unchanged: readonly EndpointSlice[];
}

/** By what an endpoint is found again: the rest of it may change. */
export const identityOf = ({ addresses, hostname = '', targetRef }: Endpoint): string =>
  [[...addresses].sort().join(), hostname, targetRef?.namespace ?? '', targetRef?.name ?? ''].join(' ');

/** Nothing that matters has changed of it; hints are given by others. */
export const isSame = (a: Endpoint, b: Endpoint): boolean =>
  a.nodeName === b.nodeName && a.zone === b.zone && deepEqual([a.conditions, a.targetRef], [b.conditions, b.targetRef]);

interface Kept {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  change: 'none' | 'written' | 'emptied';
}

export interface Packing {
  /** All of the same ports. */
  readonly existing: readonly EndpointSlice[];
  readonly endpoints: readonly Endpoint[];
  /** Whether the labels of a slice are not those that its Service gives it. */
  isMislabelled(slice: EndpointSlice): boolean;
  /** A slice of this set: a given one with other endpoints, or a new one. */
  sliceOf(endpoints: readonly Endpoint[], before?: EndpointSlice): EndpointSlice;
}

export function packed({ existing, endpoints, isMislabelled, sliceOf }: Packing): Drafts {
  const pending = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const all = existing.map((slice): Kept => {
    const kept = takeKnown(slice, pending);
    return kept.change === 'none' && isMislabelled(slice) ? { ...kept, change: 'written' } : kept;
  });
  const fresh = [...pending.values()];
  fillWritten(all, fresh);
  const create: Endpoint[][] = [];
  while (fresh.length > 0) {
    const room = fresh.length < mostEndpoints ? closestFit(all, fresh.length) : undefined;
    const taken = fresh.splice(0, mostEndpoints);
    if (room) {
      room.endpoints.push(...taken);
      room.change = 'written';
    } else create.push(taken);
  }
  const of = (change: Kept['change']) => all.filter((each) => each.change === change);
  return {
    create: create.map((each) => sliceOf(each)),
    update: of('written').map(({ slice, endpoints }) => sliceOf(endpoints, slice)),
    remove: of('emptied').map(({ slice }) => slice),
    unchanged: of('none').map(({ slice }) => slice),
  };
}

/** The endpoints of a slice that are still wanted, taken out of those that wait. */
function takeKnown(slice: EndpointSlice, pending: Map<string, Endpoint>): Kept {
  const before = slice.endpoints ?? [];
  const kept: Endpoint[] = [];
  let changed = false;
  for (const endpoint of before) {
    const identity = identityOf(endpoint);
    const present = pending.get(identity);
    pending.delete(identity);
    if (!present) continue;
    changed ||= !isSame(present, endpoint);
    kept.push(present);
  }
  if (!changed && kept.length === before.length) return { slice, endpoints: [...before], change: 'none' };
  return { slice, endpoints: kept, change: kept.length === 0 ? 'emptied' : 'written' };
}

/** Slices that are written anyway take new endpoints first, the fullest of them before the others. */
function fillWritten(all: readonly Kept[], fresh: Endpoint[]): void {
  const written = all.filter(({ change }) => change === 'written');
  for (const { endpoints } of written.toSorted((a, b) => b.endpoints.length - a.endpoints.length))
    endpoints.push(...fresh.splice(0, Math.max(0, mostEndpoints - endpoints.length)));
}

/** The untouched slice that so many endpoints would leave the least room in. */
function closestFit(all: readonly Kept[], count: number): Kept | undefined {
  let best: Kept | undefined;
  let least = mostEndpoints;
  for (const each of all) {
    const room = mostEndpoints - count - each.endpoints.length;
    if (each.change !== 'none' || room < 0 || room >= least) continue;
    best = each;
    least = room;
  }
  return best;
}
