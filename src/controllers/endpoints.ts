// Endpoints: the older list of the addresses behind each Service, all in one object.

import { deepEqual } from '../base/equal.ts';
import { selectorFromSet } from '../base/selectors.ts';
import { Endpoints } from '../kinds/core/endpoints.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Service } from '../kinds/core/service.ts';
import { ApiError } from '../api/status.ts';
import { referenceTo } from '../client/client.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, ServicePort } from '../kinds/generated/types/core-v1.ts';
import { type Controller, defineController, type EventText, watching } from '../reconcile/controller.ts';
import { isNamespaceTerminating, restFor } from './batches.ts';
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
import { printed, repacked } from './endpoints/subsets.ts';
import { isReady } from '../kinds/core/pod-facts.ts';

/** One object holds no more addresses than this. */
const mostAddresses = 1000;
const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const managedBy = 'endpoints.kubernetes.io/managed-by';

/** The pods' addresses, with the ports they serve on. */
export function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const { publishNotReadyAddresses = false, ports = [], ipFamilies = ['IPv4'] } = service.spec ?? {};
  const single = pods.flatMap((pod): EndpointSubset[] => {
    if (!hasEndpoint(pod) || (pod.metadata.deletionTimestamp && !publishNotReadyAddresses)) return [];
    const ip = addressesOf(pod).find((address) => isIPv6(address) === (ipFamilies[0] === 'IPv6'));
    const served = ports.flatMap((port) => portOf(pod, port) ?? []);
    if (!ip || (served.length === 0 && !(ports.length === 0 && isHeadless(service)))) return [];
    const address = [addressOf(service, pod, ip)];
    return [publishNotReadyAddresses || isReady(pod) ? printed(address, [], served) : printed([], address, served)];
  });
  return repacked(single);
}

function portOf(pod: Pod, port: ServicePort): EndpointPort | undefined {
  const number = targetOf(pod, port);
  const { name, protocol = 'TCP', appProtocol } = port;
  if (number === undefined) return undefined;
  return { ...(name && { name }), port: number, protocol, ...(appProtocol && { appProtocol }) };
}

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

/** At most a thousand addresses, ready ones first, each subset with its share of them. */
export function truncated(subsets: readonly EndpointSubset[]): { subsets: EndpointSubset[]; cut: boolean } {
  const count = (of: (subset: EndpointSubset) => readonly EndpointAddress[] | undefined) =>
    subsets.reduce((sum, subset) => sum + (of(subset)?.length ?? 0), 0);
  const ready = count(({ addresses }) => addresses);
  const notReady = count(({ notReadyAddresses }) => notReadyAddresses);
  if (ready + notReady <= mostAddresses) return { subsets: [...subsets], cut: false };

  const share = ready > mostAddresses ? shareOut(ready, mostAddresses) : shareOut(notReady, mostAddresses - ready);
  const kept = subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
    ready > mostAddresses ? printed(share(addresses), [], ports) : printed(addresses, share(notReadyAddresses), ports),
  );
  return { subsets: kept, cut: true };
}

/** Gives each list its part of what all may keep, rounded up as long as there is any. */
function shareOut(total: number, most: number) {
  let left = most;
  return (list: readonly EndpointAddress[]): readonly EndpointAddress[] => {
    const kept = list.slice(0, Math.min(left, Math.ceil((list.length / total) * most)));
    left -= kept.length;
    return kept;
  };
}

/** The Endpoints as they should be; undefined when they are. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  existing: Endpoints | undefined,
  trigger: string | undefined,
): Endpoints | undefined {
  const { name = '', namespace = '', labels } = service.metadata;
  const all = subsetsOf(service, pods);
  const { [headlessLabel]: _, ...inherited } = labels ?? {};
  const wanted = {
    ...inherited,
    [managedBy]: 'endpoint-controller',
    ...(isHeadless(service) && { [headlessLabel]: '' }),
  };
  const before = existing?.subsets ?? [];
  const asBefore = deepEqual(before, all) || deepEqual(repacked(before), all);
  // What was cut off is written anew each time, as in Kubernetes.
  const wasCut = existing?.metadata.annotations?.[overCapacity] !== undefined;
  if (existing && !wasCut && asBefore && deepEqual(existing.metadata.labels, wanted)) return undefined;
  const { subsets, cut } = truncated(all);
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
      // Only where they were taken away: what somebody writes into them stays until the Service or its pods change.
      watching(Endpoints, (endpoints, _, { lister }) => {
        const { name, namespace } = referenceTo(endpoints);
        return lister(Endpoints).get(name, namespace) ? [] : [{ name, namespace }];
      }),
    ],

    rest: (service) => restFor(times.pods(service)),

    async reconcile(service, context) {
      if (!hasSelector(service)) return;
      const { namespace = '', name = '' } = service.metadata;
      const pods = context.lister(Pod).select(namespace, selectorFromSet(service.spec?.selector));
      const existing = context.lister(Endpoints).get(name, namespace);
      const endpoints = planEndpoints(service, pods, existing, times.next(service, pods));
      if (!endpoints) return;
      await (existing ? context.update(Endpoints, endpoints) : context.create(Endpoints, endpoints)).catch(
        (error: unknown) => {
          if (error instanceof ApiError && !isNamespaceTerminating(error))
            context.event(endpoints, failure(endpoints, existing !== undefined, error));
          throw error;
        },
      );
    },

    async gone(key, context) {
      times.forget(key);
      await context.delete(Endpoints, key);
    },
  });
}

const failure = ({ metadata }: Endpoints, existed: boolean, { message }: ApiError): EventText => ({
  type: 'Warning',
  reason: existed ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint',
  message: `Failed to ${existed ? 'update endpoint' : 'create endpoint for service'} ${metadata.namespace}/${metadata.name}: ${message}`,
});
