// EndpointSlices: the addresses behind each Service, a hundred a slice, changed as little as possible.

import { seconds } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import { selectorFromSet } from '../base/selectors.ts';
import type { Reference } from '../api/object.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Service } from '../kinds/core/service.ts';
import { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import type { Endpoint, EndpointPort } from '../kinds/generated/types/discovery-v1.ts';
import { type Context, type Controller, defineController, type EventText, watching } from '../reconcile/controller.ts';
import { restFor } from './batches.ts';
import { prefersShortWays, withoutHints, withShortWays } from './endpoint-slice/hints.ts';
import { type Drafts, packed } from './endpoint-slice/packing.ts';
import {
  isOverloaded,
  type ZoneCounts,
  zoneFacts,
  zoneLabel,
  type ZoneShares,
  zoneShares,
  wantsTopologyHints,
  withTopologyHints,
} from './endpoint-slice/topology.ts';
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
import { inHashOrder } from './endpoints/hash-order.ts';
import { portsKey, slicePort } from './endpoint-slice/packing.ts';
import { isReady } from '../kinds/core/pod-facts.ts';

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const serviceName = 'kubernetes.io/service-name';
const manager = 'endpointslice-controller.k8s.io';
/** After this long the Service of a pod whose node is missing is looked at again. */
const retryMissingNode = seconds(10);

export interface SlicesView {
  readonly service: Service;
  readonly pods: readonly Pod[];
  /** Those of this controller that bear the Service's name. */
  readonly slices: readonly EndpointSlice[];
  nodeOf(name: string): Node | undefined;
  /** When the change was caused. */
  readonly trigger: string | undefined;
  /** Asked for Services with topology aware hints. */
  zoneShares(): ZoneShares | undefined;
  /** What was given the last time. */
  readonly hinted: HintedService | undefined;
}

/** What is remembered of the topology aware hints of a Service. */
export interface HintedService {
  /** They were told to be on. */
  readonly told: boolean;
  /** By family. */
  readonly counts: ReadonlyMap<string, ZoneCounts>;
}

/** To be done in this order. */
export interface SlicesPlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Why pods are left out for now. */
  readonly problems: readonly string[];
  readonly events: readonly EventText[];
  readonly hinted: HintedService | undefined;
}

export function planSlices(view: SlicesView): SlicesPlan {
  const { service, slices } = view;
  const families = service.spec?.ipFamilies ?? ['IPv4'];
  const problems = new Set<string>();
  const hints = hintBook(view.hinted);
  const parts = families.map((family) => planFamily(view, family, { problems, hints }));
  const foreign = slices.filter(({ addressType }) => !families.includes(addressType as 'IPv4' | 'IPv6'));
  for (const { addressType } of foreign) hints.forget(addressType);
  return {
    create: service.metadata.deletionTimestamp ? [] : parts.flatMap(({ create }) => create),
    update: parts.flatMap(({ update }) => update),
    remove: [...parts.flatMap(({ remove }) => remove), ...foreign],
    problems: [...problems],
    events: hints.events,
    hinted: hints.remembered(),
  };
}

/** Keeps what is remembered of topology aware hints, and says when they come and go. */
function hintBook(before: HintedService | undefined) {
  const counts = new Map(before?.counts);
  const events: EventText[] = [];
  let told = before?.told ?? false;
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string, family: string) =>
    void events.push({ type, reason, message: `${message}, addressType: ${family}` });
  function forget(family: string): void {
    counts.delete(family);
    told = false;
  }
  return {
    events,
    forget,
    on(family: string, given: ZoneCounts): void {
      if (!told) tell('Normal', 'TopologyAwareHintsEnabled', 'Topology Aware Hints has been enabled', family);
      told = true;
      counts.set(family, given);
    },
    refused(family: string, why: string): void {
      tell('Warning', 'TopologyAwareHintsDisabled', why, family);
      forget(family);
    },
    /** Nobody asks for them any more. */
    off(family: string): void {
      if (told) tell('Warning', 'TopologyAwareHintsDisabled', 'Topology Aware Hints has been disabled', family);
      forget(family);
    },
    remembered: (): HintedService | undefined => (told || counts.size > 0 ? { told, counts } : undefined),
  };
}

interface Findings {
  readonly problems: Set<string>;
  readonly hints: ReturnType<typeof hintBook>;
}

function planFamily(view: SlicesView, family: string, { problems, hints }: Findings): Omit<Drafts, 'unchanged'> {
  const { service } = view;
  const existing = view.slices.filter(({ addressType }) => addressType === family);
  const own = existing.filter((slice) => isOwnedBy(slice, service));
  const groups = groupsOf(view, family, problems);
  const parts = [...groups].map(([key, { ports, endpoints }]) =>
    packed({
      existing: own.filter((slice) => portsKey(slice.ports) === key),
      endpoints,
      isMislabelled: (slice) => !deepEqual(givenLabels(slice.metadata.labels), givenLabels(service.metadata.labels)),
      sliceOf: (held, before) => sliceOf(service, family, { ports, endpoints: held }, before),
    }),
  );
  const all = (of: keyof Drafts) => parts.flatMap((part) => part[of]);
  const stale = existing.filter((slice) => !own.includes(slice) || !groups.has(portsKey(slice.ports)));
  const drafts = withPlaceholder(
    { create: all('create'), update: all('update'), unchanged: all('unchanged'), remove: [...stale, ...all('remove')] },
    sliceOf(service, family, { ports: [], endpoints: [] }, undefined),
    existing.length,
  );
  return economical(hintedDrafts(view, family, drafts, hints), service, view.trigger);
}

/** Slices of an older Service of this name go with it. */
const isOwnedBy = ({ metadata: { ownerReferences = [] } }: EndpointSlice, { metadata: { uid } }: Service): boolean =>
  ownerReferences.some((owner) => owner.uid === uid && owner.kind === 'Service' && owner.apiVersion === 'v1');

/** A Service is never without a slice: an empty one stands for it. */
function withPlaceholder(drafts: Drafts, placeholder: EndpointSlice, existing: number): Drafts {
  if (drafts.create.length > 0 || drafts.remove.length < existing) return drafts;
  const [only] = drafts.remove;
  const stands =
    drafts.remove.length === 1 &&
    only !== undefined &&
    (only.endpoints ?? []).length === 0 &&
    (only.ports ?? []).length === 0 &&
    deepEqual(only.metadata.labels, placeholder.metadata.labels);
  return stands ? { ...drafts, remove: [], unchanged: [only] } : { ...drafts, create: [placeholder] };
}

function hintedDrafts(view: SlicesView, family: string, drafts: Drafts, hints: Findings['hints']): Drafts {
  const { service } = view;
  if (wantsTopologyHints(service)) {
    const { drafts: hinted, counts } = withTopologyHints(drafts, view.zoneShares());
    if (typeof counts === 'string') hints.refused(family, counts);
    else hints.on(family, counts);
    return hinted;
  }
  hints.off(family);
  const { trafficDistribution } = service.spec;
  return prefersShortWays(trafficDistribution) ? withShortWays(drafts, trafficDistribution) : withoutHints(drafts);
}

/** Slices to make take the place of slices to delete. */
function economical(drafts: Drafts, service: Service, trigger: string | undefined): Omit<Drafts, 'unchanged'> {
  const create = [...drafts.create];
  const reused: EndpointSlice[] = [];
  const remove = drafts.remove.filter((slice) => {
    const next = isOwnedBy(slice, service) ? create.pop() : undefined;
    if (next) reused.push(inPlaceOf(slice, next));
    return !next;
  });
  const triggered = (slice: EndpointSlice) => withTrigger(slice, trigger);
  return { create: create.map(triggered), update: [...drafts.update, ...reused].map(triggered), remove };
}

const inPlaceOf = (
  { metadata: { name = '', ownerReferences = [] } }: EndpointSlice,
  next: EndpointSlice,
): EndpointSlice => ({
  ...next,
  metadata: { ...next.metadata, name, ownerReferences },
});

function withTrigger(slice: EndpointSlice, trigger: string | undefined): EndpointSlice {
  const { annotations: before = {}, ...metadata } = slice.metadata;
  const { [triggerAnnotation]: _, ...rest } = before;
  const annotations = { ...rest, ...(trigger && { [triggerAnnotation]: trigger }) };
  return { ...slice, metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) } };
}

/** Endpoints that share their ports, as all of a slice do. */
interface Group {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

function groupsOf({ service, pods, nodeOf }: SlicesView, family: string, problems: Set<string>): Map<string, Group> {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods.filter(hasEndpoint)) {
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports: inHashOrder(slicePort, ports), endpoints: [] };
    groups.set(key, group);
    const node = nodeOf(pod.spec.nodeName ?? '');
    if (!node && !service.spec?.publishNotReadyAddresses) {
      const about = `${service.metadata.namespace}/${service.metadata.name}`;
      problems.add(`skipping Pod ${pod.metadata.name} for Service ${about}: Node ${pod.spec.nodeName ?? ''} Not Found`);
      continue;
    }
    const addresses = addressesOf(pod).filter((address) => isIPv6(address) === (family === 'IPv6'));
    if (addresses.length > 0) group.endpoints.push(endpointOf(service, pod, addresses, node));
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
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
  };
}

/** A label that the controller itself sets is not taken over from the Service. */
const ownLabels: readonly string[] = [serviceName, managedBy, headlessLabel];

const givenLabels = (labels: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !ownLabels.includes(key)));

function sliceOf(
  service: Service,
  addressType: string,
  { ports, endpoints }: Group,
  slice: EndpointSlice | undefined,
): EndpointSlice {
  const { name = '', namespace = '', labels } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...(slice?.metadata ?? { generateName: `${name}-`, namespace }),
      labels: {
        ...givenLabels(labels),
        [serviceName]: name,
        [managedBy]: manager,
        ...(isHeadless(service) && { [headlessLabel]: '' }),
      },
    },
    addressType,
    endpoints: orNull([...endpoints]),
    ports: orNull([...ports]),
  };
}

/** Empty lists are written as null here, as the original's are. */
const orNull = <T>(list: T[]): T[] => (list.length > 0 ? list : (null as unknown as T[]));

export function endpointSliceController(): Controller {
  const times = triggerTimes();
  const hinted = new Map<string, HintedService>();
  return defineController<Service>({
    name: 'endpoint-slice-controller',
    for: Service,
    watches: [
      watchingPods,
      watching(EndpointSlice, ({ metadata: { labels, namespace = '' } }) =>
        labels?.[managedBy] === manager && labels[serviceName] ? [{ name: labels[serviceName], namespace }] : [],
      ),
      watching(Node, (node, before, { lister }) =>
        hinted.size === 0 ||
        (before && lister(Node).get(node.metadata.name ?? '') && zoneFacts(before) === zoneFacts(node))
          ? []
          : overloaded(hinted, zoneShares(lister(Node).list())),
      ),
    ],

    rest: (service) => restFor(times.pods(service)),

    async reconcile(service, context) {
      if (!hasSelector(service)) return;
      const { namespace = '', name = '' } = service.metadata;
      const key = `${namespace}/${name}`;
      const plan = planSlices(viewOf(service, context, { times, hinted: hinted.get(key) }));
      if (plan.hinted) hinted.set(key, plan.hinted);
      else hinted.delete(key);
      for (const slice of plan.create) await context.create(EndpointSlice, slice, service);
      for (const slice of plan.update) await context.update(EndpointSlice, slice);
      for (const slice of plan.remove) await context.delete(EndpointSlice, slice);
      for (const event of plan.events) context.event(service, event);
      if (plan.problems.length === 0) return;
      const [problem = ''] = plan.problems;
      const message = `Error updating Endpoint Slices for Service ${key}: ${plan.problems.length > 1 ? `[${plan.problems.join(', ')}]` : problem}`;
      context.event(service, { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message });
      return { after: retryMissingNode };
    },

    async gone(key) {
      times.forget(key);
      hinted.delete(`${key.namespace}/${key.name}`);
    },
  });
}

interface Remembered {
  readonly times: ReturnType<typeof triggerTimes>;
  readonly hinted: HintedService | undefined;
}

function viewOf(service: Service, { lister }: Context, { times, hinted }: Remembered): SlicesView {
  const { namespace = '', name = '' } = service.metadata;
  const pods = lister(Pod).select(namespace, selectorFromSet(service.spec?.selector));
  return {
    service,
    pods,
    slices: lister(EndpointSlice)
      .list(namespace)
      .filter(({ metadata }) => {
        const { labels, deletionTimestamp } = metadata;
        return labels?.[serviceName] === name && labels[managedBy] === manager && deletionTimestamp === undefined;
      }),
    nodeOf: (node) => lister(Node).get(node),
    trigger: times.next(service, pods),
    zoneShares: () => zoneShares(lister(Node).list()),
    hinted,
  };
}

/** The Services whose hints are out of proportion since the nodes changed. */
const overloaded = (hinted: ReadonlyMap<string, HintedService>, shares: ZoneShares | undefined): Reference[] =>
  [...hinted]
    .filter(([, { counts }]) => [...counts.values()].some((each) => isOverloaded(each, shares)))
    .map(([key]) => {
      const [namespace = '', name = ''] = key.split('/');
      return { namespace, name };
    });
