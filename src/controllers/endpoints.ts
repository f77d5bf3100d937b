// Endpoints: the older list of the addresses behind each Service, all in one object.

import { canonicalJson, deepEqual } from '../base/equal.ts';
import { selectorFromSet } from '../base/selectors.ts';
import { Endpoints } from '../kinds/core/endpoints.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Service } from '../kinds/core/service.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset } from '../kinds/generated/types/core-v1.ts';
import { type Controller, defineController, watching } from '../reconcile/controller.ts';
import { restFor } from './batches.ts';
import {
  addressesOf,
  hasEndpoint,
  hasSelector,
  headlessLabel,
  hostnameIn,
  isHeadless,
  isIPv6,
  targetOf,
  triggerAnnotation,
  triggerTimes,
  watchingPods,
} from './endpoints/backends.ts';
import { isReady } from './pods.ts';

/** One object holds no more addresses than this. */
const mostAddresses = 1000;
const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const managedBy = 'endpoints.kubernetes.io/managed-by';

interface Subset {
  readonly ports: EndpointPort[];
  readonly ready: EndpointAddress[];
  readonly notReady: EndpointAddress[];
}

/** The pods' addresses, grouped by the ports they serve on. */
export function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const subsets = new Map<string, Subset>();
  const { publishNotReadyAddresses = false, ports = [], ipFamilies = ['IPv4'] } = service.spec ?? {};
  for (const pod of pods) {
    if (!hasEndpoint(pod) || (pod.metadata.deletionTimestamp && !publishNotReadyAddresses)) continue;
    const ip = addressesOf(pod).find((address) => isIPv6(address) === (ipFamilies[0] === 'IPv6'));
    const served = ports.flatMap((port): EndpointPort[] => {
      const number = targetOf(pod, port);
      const { name, protocol = 'TCP', appProtocol } = port;
      return number === undefined
        ? []
        : [{ ...(name && { name }), port: number, protocol, ...(appProtocol && { appProtocol }) }];
    });
    if (!ip || (served.length === 0 && !(ports.length === 0 && isHeadless(service)))) continue;
    const key = canonicalJson(served);
    const subset = subsets.get(key) ?? { ports: served, ready: [], notReady: [] };
    subsets.set(key, subset);
    (publishNotReadyAddresses || isReady(pod) ? subset.ready : subset.notReady).push(addressOf(service, pod, ip));
  }
  return [...subsets.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subset]) => printed(subset));
}

const byAddress = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);

const printed = ({ ports, ready, notReady }: Subset): EndpointSubset => ({
  ...(ready.length > 0 && { addresses: ready.sort(byAddress) }),
  ...(notReady.length > 0 && { notReadyAddresses: notReady.sort(byAddress) }),
  ...(ports.length > 0 && { ports }),
});

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const hostname = hostnameIn(service, pod);
  return {
    ip,
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** At most a thousand addresses, ready ones first. */
function truncated(subsets: readonly EndpointSubset[]): { subsets: EndpointSubset[]; cut: boolean } {
  let left = mostAddresses;
  let cut = false;
  const take = (addresses: EndpointAddress[] | undefined) => {
    const kept = addresses?.slice(0, left) ?? [];
    cut ||= kept.length < (addresses?.length ?? 0);
    left -= kept.length;
    return kept;
  };
  const ready = subsets.map(({ addresses }) => take(addresses));
  const notReady = subsets.map(({ notReadyAddresses }) => take(notReadyAddresses));
  const kept = subsets.map(({ ports = [] }, i) =>
    printed({ ports, ready: ready[i] ?? [], notReady: notReady[i] ?? [] }),
  );
  return { subsets: kept.filter(({ addresses, notReadyAddresses }) => addresses ?? notReadyAddresses), cut };
}

/** The Endpoints as they should be; undefined when they are. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  existing: Endpoints | undefined,
  trigger: string | undefined,
): Endpoints | undefined {
  const { name = '', namespace = '', labels } = service.metadata;
  const { subsets, cut } = truncated(subsetsOf(service, pods));
  const { [headlessLabel]: _, ...inherited } = labels ?? {};
  const wanted = {
    ...inherited,
    [managedBy]: 'endpoint-controller',
    ...(isHeadless(service) && { [headlessLabel]: '' }),
  };
  const wasCut = existing?.metadata.annotations?.[overCapacity] !== undefined;
  if (
    existing &&
    deepEqual(existing.subsets ?? [], subsets) &&
    deepEqual(existing.metadata.labels, wanted) &&
    wasCut === cut
  )
    return undefined;
  const { [triggerAnnotation]: __, [overCapacity]: ___, ...kept } = existing?.metadata.annotations ?? {};
  const annotations = {
    ...kept,
    ...(trigger && { [triggerAnnotation]: trigger }),
    ...(cut && { [overCapacity]: 'truncated' }),
  };
  const { annotations: ____, ...metadata } = existing?.metadata ?? { name, namespace };
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: wanted, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(subsets.length > 0 && { subsets }),
  };
}

export function endpointsController(): Controller {
  const times = triggerTimes();
  return defineController<Service>({
    name: 'endpoint-controller',
    for: Service,
    watches: [
      watchingPods,
      watching(Endpoints, ({ metadata }) => [{ name: metadata.name ?? '', namespace: metadata.namespace ?? '' }]),
    ],

    rest: (service) => restFor(times.pods(service)),

    async reconcile(service, context) {
      if (!hasSelector(service)) return;
      const { namespace = '', name = '' } = service.metadata;
      const pods = context.lister(Pod).select(namespace, selectorFromSet(service.spec?.selector));
      const existing = context.lister(Endpoints).get(name, namespace);
      const endpoints = planEndpoints(service, pods, existing, times.next(service, pods));
      if (!endpoints) return;
      if (existing) await context.update(Endpoints, endpoints);
      else await context.create(Endpoints, endpoints);
    },

    async gone(key, context) {
      times.forget(key);
      const left = context.lister(Endpoints).get(key.name, key.namespace);
      // Those that somebody made without a Service are not ours.
      if (left?.metadata.labels?.[managedBy] === 'endpoint-controller') await context.delete(Endpoints, left);
    },
  });
}
