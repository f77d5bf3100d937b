// Hints that a Service's trafficDistribution asks for: each ready endpoint is for its own zone, and with PreferSameNode for its own node.

import { deepEqual } from '../../base/equal.ts';
import type { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import type { Endpoint, EndpointHints } from '../../kinds/generated/types/discovery-v1.ts';
import type { Drafts } from './packing.ts';

export const isReadyEndpoint = ({ conditions }: Endpoint): boolean => conditions?.ready === true;

export const withHints = ({ hints: _, ...endpoint }: Endpoint, hints: EndpointHints | undefined): Endpoint =>
  hints ? { ...endpoint, hints } : endpoint;

const mapped = (slice: EndpointSlice, change: (endpoint: Endpoint) => Endpoint): EndpointSlice => ({
  ...slice,
  // An empty list stays the null it is written as.
  endpoints: slice.endpoints?.map(change) ?? slice.endpoints,
});

/** Changes the endpoints of every slice; those that were to stay and differ now are written as well. */
function changed(drafts: Drafts, change: (endpoint: Endpoint) => Endpoint): Drafts {
  const touched = drafts.unchanged.map((slice) => {
    const next = mapped(slice, change);
    return { slice, next, differs: !deepEqual(next.endpoints, slice.endpoints) };
  });
  return {
    ...drafts,
    create: drafts.create.map((slice) => mapped(slice, change)),
    update: [
      ...drafts.update.map((slice) => mapped(slice, change)),
      ...touched.filter(({ differs }) => differs).map(({ next }) => next),
    ],
    unchanged: touched.filter(({ differs }) => !differs).map(({ slice }) => slice),
  };
}

export const withoutHints = (drafts: Drafts): Drafts => changed(drafts, (endpoint) => withHints(endpoint, undefined));

const close = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

export const prefersShortWays = (trafficDistribution: string | undefined): boolean =>
  trafficDistribution !== undefined && close.includes(trafficDistribution);

export const withShortWays = (drafts: Drafts, trafficDistribution: string | undefined): Drafts =>
  changed(drafts, (endpoint) =>
    isReadyEndpoint(endpoint)
      ? withHints(endpoint, shortWays(endpoint, trafficDistribution === 'PreferSameNode'))
      : endpoint,
  );

function shortWays({ zone, nodeName }: Endpoint, toNodes: boolean): EndpointHints | undefined {
  const forZones = zone === undefined ? undefined : [{ name: zone }];
  const forNodes = nodeName === undefined || !toNodes ? undefined : [{ name: nodeName }];
  return forZones || forNodes ? { ...(forZones && { forZones }), ...(forNodes && { forNodes }) } : undefined;
}
