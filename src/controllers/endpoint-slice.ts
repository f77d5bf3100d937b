// EndpointSlices: the addresses behind each Service, a hundred a slice, changed as little as possible.

import { seconds } from '../base/clock.ts';
import { canonicalJson, deepEqual } from '../base/equal.ts';
import { selectorFromSet } from '../base/selectors.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Service } from '../kinds/core/service.ts';
import { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import type { Endpoint, EndpointHints, EndpointPort } from '../kinds/generated/types/discovery-v1.ts';
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

const mostEndpoints = 100;
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const serviceName = 'kubernetes.io/service-name';
const manager = 'endpointslice-controller.k8s.io';
const zoneLabel = 'topology.kubernetes.io/zone';
/** After this long the Service of a pod whose node is missing is looked at again. */
const retryMissingNode = seconds(10);

export interface SlicesView {
  readonly service: Service;
  readonly pods: readonly Pod[];
  /** Those of this controller that the Service has. */
  readonly slices: readonly EndpointSlice[];
  nodeOf(name: string): Node | undefined;
  /** When the change was caused. */
  readonly trigger: string | undefined;
}

export interface SlicesPlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Why pods are left out for now. */
  readonly problems: readonly string[];
}

/** Endpoints that share their ports, as all of a slice do. */
interface Group {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

export function planSlices(view: SlicesView): SlicesPlan {
  const { service } = view;
  const families = service.spec?.ipFamilies ?? ['IPv4'];
  const problems = new Set<string>();
  const parts = families.map((family) => planFamily(view, family, problems));
  const foreign = view.slices.filter(({ addressType }) => !families.includes(addressType as 'IPv4' | 'IPv6'));
  return {
    create: parts.flatMap(({ create }) => create),
    update: parts.flatMap(({ update }) => update),
    remove: [...parts.flatMap(({ remove }) => remove), ...foreign],
    problems: [...problems],
  };
}

interface FamilyPlan {
  create: EndpointSlice[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
}

function planFamily(view: SlicesView, family: string, problems: Set<string>): FamilyPlan {
  const groups = groupsOf(view, family, problems);
  const existing = view.slices.filter(({ addressType }) => addressType === family);
  const wanted: EndpointSlice[] = [];
  const remove: EndpointSlice[] = existing.filter((slice) => !groups.has(keyOf(slice.ports)));
  for (const [key, group] of groups) {
    const own = existing.filter((slice) => keyOf(slice.ports) === key);
    distribute(own, group).forEach((endpoints, i) => {
      const slice = own[i];
      if (endpoints.length === 0 && slice) remove.push(slice);
      else wanted.push(sliceOf(view, family, { ports: group.ports, endpoints }, slice));
    });
  }
  // A Service is never without a slice: an empty one stands for it.
  if (wanted.length === 0)
    wanted.push(
      sliceOf(
        view,
        family,
        { ports: [], endpoints: [] },
        existing.find((slice) => keyOf(slice.ports) === keyOf([])),
      ),
    );
  return economical(
    { wanted, remove: remove.filter((slice) => !wanted.some(({ metadata }) => metadata.name === slice.metadata.name)) },
    existing,
    view.trigger,
  );
}

/** Slices to make take the place of slices to delete. */
function economical(
  { wanted, remove }: { wanted: EndpointSlice[]; remove: EndpointSlice[] },
  existing: readonly EndpointSlice[],
  trigger: string | undefined,
): FamilyPlan {
  const spare = [...remove];
  const plan: FamilyPlan = { create: [], update: [], remove: [] };
  for (const slice of wanted) {
    const before = existing.find(({ metadata }) => metadata.name === slice.metadata.name) ?? spare.pop();
    if (!before) plan.create.push(triggered(slice, trigger));
    else if (differs(slice, before))
      plan.update.push(
        triggered(
          {
            ...slice,
            metadata: {
              ...slice.metadata,
              name: before.metadata.name ?? '',
              resourceVersion: before.metadata.resourceVersion ?? '',
            },
          },
          trigger,
          before,
        ),
      );
  }
  plan.remove = spare;
  return plan;
}

const differs = (slice: EndpointSlice, before: EndpointSlice): boolean =>
  !deepEqual(
    [slice.endpoints, slice.ports, slice.metadata.labels],
    [before.endpoints ?? null, before.ports ?? null, before.metadata.labels],
  );

function triggered(slice: EndpointSlice, trigger: string | undefined, before?: EndpointSlice): EndpointSlice {
  const { [triggerAnnotation]: _, ...rest } = before?.metadata.annotations ?? {};
  const annotations = { ...rest, ...(trigger && { [triggerAnnotation]: trigger }) };
  const { annotations: __, ...metadata } = slice.metadata;
  return { ...slice, metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) } };
}

const keyOf = (ports: readonly EndpointPort[] | null | undefined): string => canonicalJson(ports ?? []);

function groupsOf({ service, pods, nodeOf }: SlicesView, family: string, problems: Set<string>): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods.filter(hasEndpoint)) {
    const addresses = addressesOf(pod).filter((address) => isIPv6(address) === (family === 'IPv6'));
    if (addresses.length === 0) continue;
    const node = nodeOf(pod.spec.nodeName ?? '');
    if (!node && !service.spec?.publishNotReadyAddresses) {
      const about = `${service.metadata.namespace}/${service.metadata.name}`;
      problems.add(`skipping Pod ${pod.metadata.name} for Service ${about}: Node ${pod.spec.nodeName ?? ''} Not Found`);
      continue;
    }
    const ports = portsOf(service, pod);
    const key = keyOf(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod, addresses, node));
  }
  return groups;
}

const portsOf = (service: Service, pod: Pod): EndpointPort[] =>
  (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetOf(pod, port);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, port: number, protocol, ...(appProtocol && { appProtocol }) }];
  });

function endpointOf(service: Service, pod: Pod, addresses: string[], node: Node | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const zone = node?.metadata.labels?.[zoneLabel];
  const hostname = hostnameIn(service, pod);
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const hints = ready ? hintsFor(service, pod.spec.nodeName, zone) : undefined;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
    ...(hints && { hints }),
  };
}

/** Whose traffic the endpoint is meant for, when the Service prefers short ways. */
function hintsFor({ spec }: Service, node: string | undefined, zone: string | undefined): EndpointHints | undefined {
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  switch (spec?.trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return zone === undefined ? undefined : forZones;
    case 'PreferSameNode':
      return node === undefined ? undefined : { ...forZones, forNodes: [{ name: node }] };
    default:
      return undefined;
  }
}

/** Leaves endpoints in the slices they are in, fills up those with room, and opens new ones for the rest. */
function distribute(slices: readonly EndpointSlice[], group: Group): Endpoint[][] {
  const pending = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const kept = slices.map((slice) =>
    (slice.endpoints ?? []).flatMap((endpoint) => {
      const identity = identityOf(endpoint);
      const present = pending.get(identity);
      pending.delete(identity);
      return present ?? [];
    }),
  );
  const fresh = [...pending.values()];
  for (const endpoints of kept) endpoints.push(...fresh.splice(0, Math.max(0, mostEndpoints - endpoints.length)));
  while (fresh.length > 0) kept.push(fresh.splice(0, mostEndpoints));
  return kept;
}

const identityOf = ({ addresses, targetRef }: Endpoint): string => `${targetRef?.uid} ${addresses.join()}`;

function sliceOf(
  { service }: SlicesView,
  addressType: string,
  { ports, endpoints }: Group,
  slice: EndpointSlice | undefined,
): EndpointSlice {
  const { name = '', namespace = '', labels } = service.metadata;
  const { [headlessLabel]: _, ...inherited } = labels ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...(slice?.metadata ?? { generateName: `${name}-`, namespace }),
      labels: {
        ...inherited,
        [serviceName]: name,
        [managedBy]: manager,
        ...(isHeadless(service) && { [headlessLabel]: '' }),
      },
    },
    addressType,
    endpoints: orNull(endpoints),
    ports: orNull([...ports]),
  };
}

/** Empty lists are written as null here, as the original's are. */
const orNull = <T>(list: T[]): T[] => (list.length > 0 ? list : (null as unknown as T[]));

export function endpointSliceController(): Controller {
  const times = triggerTimes();
  return defineController<Service>({
    name: 'endpoint-slice-controller',
    for: Service,
    watches: [
      watchingPods,
      watching(EndpointSlice, ({ metadata: { labels, namespace = '' } }) =>
        labels?.[managedBy] === manager && labels[serviceName] ? [{ name: labels[serviceName], namespace }] : [],
      ),
      watching(Node, () => []),
    ],

    rest: (service) => restFor(times.pods(service)),

    async reconcile(service, context) {
      if (!hasSelector(service) || service.metadata.deletionTimestamp) return;
      const { namespace = '', name = '' } = service.metadata;
      const pods = context.lister(Pod).select(namespace, selectorFromSet(service.spec?.selector));
      const slices = context
        .lister(EndpointSlice)
        .list(namespace)
        .filter(({ metadata: { labels } }) => labels?.[serviceName] === name && labels[managedBy] === manager);
      const plan = planSlices({
        service,
        pods,
        slices,
        nodeOf: (node) => context.lister(Node).get(node),
        trigger: times.next(service, pods),
      });
      for (const slice of plan.update) await context.update(EndpointSlice, slice);
      for (const slice of plan.create) await context.create(EndpointSlice, slice, service);
      for (const slice of plan.remove) await context.delete(EndpointSlice, slice);
      if (plan.problems.length === 0) return;
      const [problem = ''] = plan.problems;
      const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${plan.problems.length > 1 ? `[${plan.problems.join(', ')}]` : problem}`;
      context.event(service, { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message });
      return { after: retryMissingNode };
    },

    async gone(key) {
      times.forget(key);
    },
  });
}
