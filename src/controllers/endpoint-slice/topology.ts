// Topology aware hints (`service.kubernetes.io/topology-mode: Auto`): each zone gets endpoints in proportion to the processors it has.

import { isNodeReady } from '../../kinds/core/node-facts.ts';
import { milliOf } from '../../base/quantity.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import type { Endpoint } from '../../kinds/generated/types/discovery-v1.ts';
import { isReadyEndpoint, withHints, withoutHints } from './hints.ts';
import type { Drafts } from './packing.ts';

export const zoneLabel = 'topology.kubernetes.io/zone';
const topologyMode = 'service.kubernetes.io/topology-mode';
const oldTopologyMode = 'service.kubernetes.io/topology-aware-hints';

/** By how much more than its share an endpoint may get before the hints are worth changing. */
const overloadThreshold = 0.2;

export function wantsTopologyHints({ metadata: { annotations = {} } }: Service): boolean {
  const mode = annotations[oldTopologyMode] ?? annotations[topologyMode];
  return mode === 'Auto' || mode === 'auto';
}

/** What part of all processors each zone has; undefined where that is not known of every node, or there is but one zone. */
export type ZoneShares = ReadonlyMap<string, number>;

const isControlPlane = ({ metadata: { labels = {} } }: Node): boolean =>
  'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels;

/** Whether a node counts, and where. */
export const zoneFacts = (node: Node): string => `${isNodeReady(node)} ${node.metadata.labels?.[zoneLabel] ?? ''}`;

export function zoneShares(nodes: readonly Node[]): ZoneShares | undefined {
  const byZone = new Map<string, number>();
  for (const node of nodes) {
    if (isControlPlane(node) || !isNodeReady(node)) continue;
    const zone = node.metadata.labels?.[zoneLabel];
    const cpu = milliOf(node.status?.allocatable?.cpu ?? '0');
    if (!zone || cpu === 0) return undefined;
    byZone.set(zone, (byZone.get(zone) ?? 0) + cpu);
  }
  const total = [...byZone.values()].reduce((sum, cpu) => sum + cpu, 0);
  if (byZone.size < 2) return undefined;
  return new Map([...byZone].map(([zone, cpu]) => [zone, cpu / total]));
}

interface Allocation {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

type Allocations = ReadonlyMap<string, Allocation>;

/** How many endpoints are hinted to each zone. */
export type ZoneCounts = ReadonlyMap<string, number>;

const noNodeInfo = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';

const leastOf = (desired: number): number => Math.ceil(desired * (1 / (1 + overloadThreshold)));

/** How many endpoints each zone should have, or why that cannot be. */
function allocationsOf(shares: ZoneShares | undefined, endpoints: number): Allocations | string {
  if (!shares) return noNodeInfo;
  const counts = `(${endpoints} endpoints, ${shares.size} zones)`;
  if (shares.size > endpoints) return `Insufficient number of endpoints ${counts}`;
  const zones = [...shares].map(([zone, share]) => ({
    zone,
    share: share * endpoints,
    minimum: leastOf(share * endpoints),
  }));
  const spare = endpoints - zones.reduce((sum, { minimum }) => sum + minimum, 0);
  if (spare < 0)
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`;
  return new Map(
    zones.map(({ zone, share, minimum }) => [
      zone,
      { minimum, maximum: minimum + spare, desired: Math.max(share, minimum) },
    ]),
  );
}

export interface Hinted {
  readonly drafts: Drafts;
  /** Where there are no hints, why. */
  readonly counts: ZoneCounts | string;
}

/** Gives every ready endpoint its zone, and so many of them another one that each zone has its share. */
export function withTopologyHints(drafts: Drafts, shares: ZoneShares | undefined): Hinted {
  const refused = (why: string): Hinted => ({ drafts: withoutHints(drafts), counts: why });
  const every = [...drafts.create, ...drafts.update, ...drafts.unchanged].flatMap(({ endpoints }) => endpoints ?? []);
  const allocations = allocationsOf(shares, every.filter(isReadyEndpoint).length);
  if (typeof allocations === 'string') return refused(allocations);

  const { counts, stay, move } = keptHints(drafts.unchanged, allocations);
  const written = [...drafts.create, ...drafts.update, ...move];
  const ready = written.flatMap(({ endpoints }) => endpoints ?? []).filter(isReadyEndpoint);
  if (ready.some(({ zone }) => !zone)) return refused('One or more endpoints do not have a zone specified');
  const zoneOf = new Map(ready.map((endpoint) => [endpoint, endpoint.zone ?? '']));
  for (const zone of zoneOf.values()) add(counts, zone, 1);
  redistribute(zoneOf, counts, exchanges(allocations, counts));
  if (counts.size === 0) return refused('No hints allocated for zones');

  const hinted = (slice: EndpointSlice): EndpointSlice => ({
    ...slice,
    endpoints:
      slice.endpoints?.map((endpoint) => {
        const zone = zoneOf.get(endpoint);
        return zone === undefined ? endpoint : withHints(endpoint, { forZones: [{ name: zone }] });
      }) ?? slice.endpoints,
  });
  return {
    counts,
    drafts: {
      ...drafts,
      create: drafts.create.map(hinted),
      update: [...drafts.update, ...move].map(hinted),
      unchanged: stay,
    },
  };
}

const add = (counts: Map<string, number>, zone: string, count: number): void =>
  void counts.set(zone, (counts.get(zone) ?? 0) + count);

/** Which of the slices that need no other change keep their hints, and how many hints those give to each zone. */
function keptHints(unchanged: readonly EndpointSlice[], allocations: Allocations) {
  const counts = new Map<string, number>();
  const stay: EndpointSlice[] = [];
  const move: EndpointSlice[] = [];
  for (const slice of unchanged) {
    const own = hintsIn(slice.endpoints ?? [], counts, allocations);
    if (own) for (const [zone, count] of own) add(counts, zone, count);
    (own ? stay : move).push(slice);
  }
  return { counts, stay, move };
}

/** Undefined where the hints are incomplete, or too many. */
function hintsIn(endpoints: readonly Endpoint[], counts: ZoneCounts, allocations: Allocations): ZoneCounts | undefined {
  const own = new Map<string, number>();
  for (const { hints } of endpoints.filter(isReadyEndpoint)) {
    if (!hints?.forZones?.length) return undefined;
    for (const { name } of hints.forZones) add(own, name, 1);
  }
  const isTooMany = ([zone, count]: [string, number]) =>
    count + (counts.get(zone) ?? 0) > (allocations.get(zone)?.maximum ?? -1);
  return [...own].some(isTooMany) ? undefined : own;
}

interface Exchanges {
  readonly giving: Map<string, number>;
  readonly receiving: Map<string, number>;
}

/** How many endpoints go from zones that have more than they should to zones that have less. */
function exchanges(allocations: Allocations, counts: ZoneCounts): Exchanges {
  const surplus = [...allocations].map(([zone, { desired }]) => [zone, (counts.get(zone) ?? 0) - desired] as const);
  const givers = new Map(surplus.filter(([, amount]) => amount > 0));
  const receivers = new Map(surplus.filter(([, amount]) => amount < 0).map(([zone, amount]) => [zone, -amount]));
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const [from, toGive] = mostIn(givers);
    const [to, toReceive] = mostIn(receivers);
    if (from === '' || to === '' || (toGive < 1 && toReceive < 1) || toGive < 0.5 || toReceive < 0.5) break;
    add(giving, from, 1);
    add(receiving, to, 1);
    add(givers, from, -1);
    add(receivers, to, -1);
  }
  return { giving, receiving };
}

const mostIn = (zones: ReadonlyMap<string, number>): readonly [string, number] =>
  [...zones].reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0] as readonly [string, number]);

function redistribute(
  zoneOf: Map<Endpoint, string>,
  counts: Map<string, number>,
  { giving, receiving }: Exchanges,
): void {
  for (const [endpoint, from] of zoneOf) {
    const [to] = receiving.keys();
    if (to === undefined || giving.size === 0) return;
    if (!giving.has(from)) continue;
    zoneOf.set(endpoint, to);
    takeOne(giving, from);
    takeOne(receiving, to);
    add(counts, to, 1);
    add(counts, from, -1);
  }
}

function takeOne(counts: Map<string, number>, zone: string): void {
  const left = (counts.get(zone) ?? 0) - 1;
  if (left > 0) counts.set(zone, left);
  else counts.delete(zone);
}

/** Whether a zone has gone so far below its share of the hints that they are to be given anew. */
export function isOverloaded(counts: ZoneCounts, shares: ZoneShares | undefined): boolean {
  if (counts.size === 0) return false;
  if (!shares) return true;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...shares].some(([zone, share]) => (counts.get(zone) ?? -1) < leastOf(total * share));
}
