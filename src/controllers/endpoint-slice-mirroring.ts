// Mirrors Endpoints that somebody wrote by hand, for a Service without a selector, into EndpointSlices.

import { deepEqual } from '../base/equal.ts';
import { formatIp, parseIp } from '../base/ip.ts';
import { Endpoints } from '../kinds/core/endpoints.ts';
import { Service } from '../kinds/core/service.ts';
import { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import type { EndpointAddress, EndpointSubset } from '../kinds/generated/types/core-v1.ts';
import type { Endpoint, EndpointPort } from '../kinds/generated/types/discovery-v1.ts';
import { type Context, defineController, type EventText, watching } from '../reconcile/controller.ts';
import { identityOf, isSame, portsKey, slicePort } from './endpoint-slice/packing.ts';
import { isIPv6, triggerAnnotation } from './endpoints/backends.ts';
import { inHashOrder } from './endpoints/hash-order.ts';
import { repacked } from './endpoints/subsets.ts';
import { controllerReference } from './ownership.ts';

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const serviceName = 'kubernetes.io/service-name';
const manager = 'endpointslicemirroring-controller.k8s.io';
const skipMirror = 'endpointslice.kubernetes.io/skip-mirror';
const leader = 'control-plane.alpha.kubernetes.io/leader';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
/** More addresses of a subset are not mirrored. */
const mostEndpoints = 1000;

const isMirrored = ({ metadata: { labels, annotations } }: Endpoints): boolean =>
  labels?.[skipMirror] !== 'true' && annotations?.[leader] === undefined;

/** To be done in this order. */
export interface MirrorPlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  readonly events: readonly EventText[];
}

/** One slice for each subset and family of addresses, in the place of one that is there where there is one. */
export function planMirror(endpoints: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const subsets = repacked(endpoints.subsets ?? []);
  const wanted = subsets.flatMap((subset) => slicesOf(endpoints, subset));
  const places = new Map<string, EndpointSlice[]>();
  for (const slice of existing) places.set(placeOf(slice), [...(places.get(placeOf(slice)) ?? []), slice]);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  for (const slice of wanted) {
    const [before, ...others] = places.get(placeOf(slice)) ?? [];
    places.set(placeOf(slice), others);
    if (!before) create.push(slice);
    else if (!isMirrorOf(before, slice)) update.push(inPlaceOf(before, slice));
  }
  const remove = [...places.values()].flat().filter((slice) => {
    const at = create.findIndex(({ addressType }) => addressType === slice.addressType);
    const [next] = at < 0 ? [] : create.splice(at, 1);
    if (next) update.push(inPlaceOf(slice, next));
    return !next;
  });
  const going = endpoints.metadata.deletionTimestamp !== undefined;
  return { create: going ? [] : create, update, remove, events: complaints(subsets) };
}

/** Slices of the same family and ports are one another's successors. */
const placeOf = ({ addressType, ports }: EndpointSlice): string => `${addressType} ${portsKey(ports)}`;

const inPlaceOf = ({ metadata: { name = '' } }: EndpointSlice, next: EndpointSlice): EndpointSlice => {
  const { generateName: _, ...metadata } = next.metadata;
  return { ...next, metadata: { ...metadata, name } };
};

function isMirrorOf(slice: EndpointSlice, wanted: EndpointSlice): boolean {
  const present = new Map((wanted.endpoints ?? []).map((endpoint) => [identityOf(endpoint), endpoint]));
  const before = slice.endpoints ?? [];
  return (
    before.length === present.size &&
    before.every((endpoint) => {
      const same = present.get(identityOf(endpoint));
      return same !== undefined && isSame(same, endpoint);
    }) &&
    deepEqual(slice.metadata.labels, wanted.metadata.labels) &&
    deepEqual(slice.metadata.annotations ?? {}, wanted.metadata.annotations ?? {}) &&
    deepEqual(slice.metadata.ownerReferences, wanted.metadata.ownerReferences)
  );
}

function slicesOf(endpoints: Endpoints, subset: EndpointSubset): EndpointSlice[] {
  const { name = '', namespace = '', labels, annotations = {} } = endpoints.metadata;
  const { [triggerAnnotation]: _, [lastApplied]: __, ...kept } = annotations;
  const members = endpointsOf(subset);
  const ports = (subset.ports ?? []).map(
    ({ name: port = '', protocol = 'TCP', ...rest }): EndpointPort => ({ name: port, protocol, ...rest }),
  );
  return (['IPv4', 'IPv6'] as const).flatMap((addressType): EndpointSlice[] => {
    const own = members.filter(({ addresses: [ip = ''] }) => isIPv6(ip) === (addressType === 'IPv6'));
    if (own.length === 0) return [];
    return [
      {
        metadata: {
          generateName: `${name}-`,
          namespace,
          labels: { ...labels, [serviceName]: name, [managedBy]: manager },
          ...(Object.keys(kept).length > 0 && { annotations: kept }),
          ownerReferences: [controllerReference(Endpoints, endpoints)],
        },
        addressType,
        endpoints: own,
        ports: inHashOrder(slicePort, ports),
      },
    ];
  });
}

/** The ready ones first, as many as are mirrored. */
function endpointsOf({ addresses = [], notReadyAddresses = [] }: EndpointSubset): Endpoint[] {
  const of = (list: readonly EndpointAddress[], ready: boolean): Endpoint[] =>
    list.flatMap(({ ip, ...rest }) => {
      const parsed = parseIp(ip);
      return parsed ? [{ addresses: [formatIp(parsed)], conditions: { ready }, ...rest }] : [];
    });
  return [...of(addresses, true), ...of(notReadyAddresses, false)].slice(0, mostEndpoints);
}

function complaints(subsets: readonly EndpointSubset[]): EventText[] {
  const skipped = subsets.map((subset) => {
    const all = [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])];
    return { all: all.length - endpointsOf(subset).length, invalid: all.filter(({ ip }) => !parseIp(ip)).length };
  });
  const total = (of: 'all' | 'invalid') => skipped.reduce((sum, each) => sum + each[of], 0);
  const events: EventText[] = [];
  const warn = (reason: string, message: string) => void events.push({ type: 'Warning', reason, message });
  if (total('invalid') > 0)
    warn('InvalidIPAddress', `Skipped ${total('invalid')} invalid IP addresses when mirroring to EndpointSlices`);
  if (total('all') > total('invalid'))
    warn(
      'TooManyAddressesToMirror',
      `A max of ${mostEndpoints} addresses can be mirrored to EndpointSlices per Endpoints subset. ${total('all')} addresses were skipped`,
    );
  return events;
}

const mirrorsIn = ({ lister }: Context, namespace: string, name: string): EndpointSlice[] =>
  lister(EndpointSlice)
    .list(namespace)
    .filter(({ metadata: { labels } }) => labels?.[serviceName] === name && labels[managedBy] === manager);

export const endpointSliceMirroringController = defineController<Endpoints>({
  name: 'endpoint-slice-mirroring-controller',
  for: Endpoints,
  watches: [
    watching(EndpointSlice, ({ metadata: { labels, namespace = '' } }) =>
      labels?.[managedBy] === manager && labels[serviceName] ? [{ name: labels[serviceName], namespace }] : [],
    ),
    watching(Service, ({ metadata: { name = '', namespace = '' } }) => [{ name, namespace }]),
  ],

  async reconcile(endpoints, context) {
    const { name = '', namespace = '' } = endpoints.metadata;
    const service = context.lister(Service).get(name, namespace);
    const existing = mirrorsIn(context, namespace, name);
    if (!service || service.spec?.selector || !isMirrored(endpoints)) return removeAll(existing, context);
    const plan = planMirror(endpoints, existing);
    for (const event of plan.events) context.event(endpoints, event);
    for (const slice of plan.create) await context.create(EndpointSlice, slice);
    for (const slice of plan.update) await context.update(EndpointSlice, slice);
    await removeAll(plan.remove, context);
  },

  gone: ({ namespace, name }, context) => removeAll(mirrorsIn(context, namespace, name), context),
});

async function removeAll(slices: readonly EndpointSlice[], context: Context): Promise<void> {
  for (const slice of slices) await context.delete(EndpointSlice, slice);
}
