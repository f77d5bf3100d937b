// Mirrors Endpoints that somebody wrote by hand, for a Service without a selector, into EndpointSlices.

import { deepEqual } from '../base/equal.ts';
import { Endpoints } from '../kinds/core/endpoints.ts';
import { Service } from '../kinds/core/service.ts';
import { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import type { EndpointAddress, EndpointSubset } from '../kinds/generated/types/core-v1.ts';
import type { Endpoint } from '../kinds/generated/types/discovery-v1.ts';
import { defineController, watching } from '../reconcile/controller.ts';
import { isIPv6, triggerAnnotation } from './endpoints/backends.ts';

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const serviceName = 'kubernetes.io/service-name';
const manager = 'endpointslicemirroring-controller.k8s.io';
const skipMirror = 'endpointslice.kubernetes.io/skip-mirror';
const leader = 'control-plane.alpha.kubernetes.io/leader';
/** More addresses of a subset are not mirrored. */
const mostEndpoints = 1000;

const isMirrored = ({ metadata: { labels, annotations } }: Endpoints): boolean =>
  labels?.[skipMirror] !== 'true' && annotations?.[leader] === undefined;

/** One slice for each subset and family of addresses. */
export function mirrored(endpoints: Endpoints): EndpointSlice[] {
  const { name = '', namespace = '', labels, annotations = {} } = endpoints.metadata;
  const { [triggerAnnotation]: _, 'kubectl.kubernetes.io/last-applied-configuration': __, ...kept } = annotations;
  return (endpoints.subsets ?? []).flatMap((subset) =>
    (['IPv4', 'IPv6'] as const).flatMap((addressType): EndpointSlice[] => {
      const members = endpointsOf(subset, addressType);
      if (members.length === 0) return [];
      return [
        {
          metadata: {
            generateName: `${name}-`,
            namespace,
            labels: { ...labels, [serviceName]: name, [managedBy]: manager },
            ...(Object.keys(kept).length > 0 && { annotations: kept }),
          },
          addressType,
          endpoints: members,
          ports: (subset.ports ?? []).map(({ name: port = '', protocol = 'TCP', ...rest }) => ({
            name: port,
            protocol,
            ...rest,
          })),
        },
      ];
    }),
  );
}

function endpointsOf({ addresses = [], notReadyAddresses = [] }: EndpointSubset, family: 'IPv4' | 'IPv6'): Endpoint[] {
  const of = (list: readonly EndpointAddress[], ready: boolean): Endpoint[] =>
    list
      .filter(({ ip }) => isIPv6(ip) === (family === 'IPv6'))
      .map(({ ip, ...rest }) => ({ addresses: [ip], conditions: { ready }, ...rest }));
  return [...of(addresses, true), ...of(notReadyAddresses, false)].slice(0, mostEndpoints);
}

const contents = ({ addressType, endpoints, ports, metadata }: EndpointSlice) => [
  addressType,
  endpoints,
  ports,
  metadata.labels,
];

export const endpointSliceMirroringController = defineController<Endpoints>({
  name: 'endpoint-slice-mirroring-controller',
  for: Endpoints,
  owns: [EndpointSlice],
  watches: [watching(Service, ({ metadata: { name = '', namespace = '' } }) => [{ name, namespace }])],

  async reconcile(endpoints, context) {
    const { name = '', namespace = '' } = endpoints.metadata;
    const service = context.lister(Service).get(name, namespace);
    const wanted = service && !service.spec?.selector && isMirrored(endpoints) ? mirrored(endpoints) : [];
    const existing = context
      .lister(EndpointSlice)
      .ownedBy(endpoints)
      .filter(({ metadata }) => metadata.labels?.[managedBy] === manager);
    const spare = existing.filter((slice) => !wanted.some((each) => deepEqual(contents(each), contents(slice))));
    for (const slice of wanted) {
      if (existing.some((each) => deepEqual(contents(each), contents(slice)))) continue;
      const at = spare.findIndex(({ addressType }) => addressType === slice.addressType);
      const [before] = at >= 0 ? spare.splice(at, 1) : [];
      if (before)
        await context.update(EndpointSlice, {
          ...before,
          ...slice,
          metadata: { ...before.metadata, labels: slice.metadata.labels ?? {} },
        });
      else await context.create(EndpointSlice, slice, endpoints);
    }
    for (const slice of spare) await context.delete(EndpointSlice, slice);
  },
});
