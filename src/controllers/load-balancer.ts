// Services of type LoadBalancer, as the service controller of a cloud-controller-manager looks after them.

import { type Duration, minutes, seconds } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import type { Reference } from '../api/object.ts';
import { referenceTo } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { Service } from '../kinds/core/service.ts';
import type { LoadBalancerStatus } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { ignoringAbsent } from './ownership.ts';
import { LoadBalancerFault, type LoadBalancerProvider, type Surroundings } from './load-balancer/provider.ts';

const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';
const goingTaint = 'ToBeDeletedByClusterAutoscaler';
const firstRetry: Duration = seconds(5);
const lastRetry: Duration = minutes(5);

/** What of a Service its load balancer depends on. */
const relevant = ({ spec, metadata }: Service) => [
  metadata.uid,
  metadata.annotations ?? {},
  spec.ports ?? [],
  spec.loadBalancerSourceRanges ?? [],
  spec.sessionAffinity,
  spec.sessionAffinityConfig,
  spec.loadBalancerIP ?? '',
  spec.externalIPs ?? [],
  spec.externalTrafficPolicy,
  spec.healthCheckNodePort ?? 0,
  (spec.ipFamilies ?? []).length,
];

/** One with a class is somebody else's. */
const wantsLoadBalancer = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined;

const isProtected = ({ metadata }: Service): boolean => (metadata.finalizers ?? []).includes(finalizer);

const needsCleanup = (service: Service): boolean =>
  isProtected(service) && (service.metadata.deletionTimestamp !== undefined || service.spec.type !== 'LoadBalancer');

/** What was last done for a Service. */
export interface Done {
  readonly service: Service;
  /** The nodes it leads to. */
  readonly nodes: readonly string[];
  /** How often in a row it has failed. */
  readonly failures: number;
}

export type Course = 'leave' | 'ensure' | 'update' | 'delete';

export function planLoadBalancer(service: Service, nodes: readonly Node[], done: Done | undefined): Course {
  if (needsCleanup(service)) return 'delete';
  if (!wantsLoadBalancer(service)) return done && wantsLoadBalancer(done.service) ? 'delete' : 'leave';
  if (service.metadata.deletionTimestamp !== undefined) return 'leave';
  if (!done || done.failures > 0 || !deepEqual(relevant(service), relevant(done.service))) return 'ensure';
  return deepEqual(done.nodes, nodes.map(identityOf)) ? 'leave' : 'update';
}

const identityOf = ({ metadata, spec }: Node): string => `${metadata.name} ${spec?.providerID ?? ''}`;

/** Whether traffic may be sent to a node from outside. */
function isIncluded({ metadata: { labels = {} }, spec }: Node): boolean {
  const excludes = labels[excluded];
  const isExcluded = excludes !== undefined && !/^(0|f|F|false|FALSE|False)$/.test(excludes);
  return !isExcluded && !(spec?.taints ?? []).some(({ key }) => key === goingTaint);
}

export function loadBalancerController(provider: LoadBalancerProvider): Controller {
  const known = new Map<string, Done>();
  return defineController<Service>({
    name: 'service-controller',
    agent: 'cloud-controller-manager',
    for: Service,
    // One after the other: what one is given shows in its status before the next one asks.
    workers: 1,
    watches: [
      watching(Node, (node, before, { lister }) => {
        const stays = before && lister(Node).get(node.metadata.name ?? '') !== undefined;
        const same = stays && isIncluded(before) === isIncluded(node) && identityOf(before) === identityOf(node);
        return same ? [] : [...known.values()].map(({ service }) => referenceTo(service));
      }),
    ],

    async reconcile(service, context) {
      const key = keyOf(referenceTo(service));
      const nodes = nodesIn(context);
      const course = planLoadBalancer(service, nodes, known.get(key));
      if (course === 'leave') return;
      const around = { nodes, services: context.lister(Service).list() };
      const failures = (known.get(key)?.failures ?? 0) + 1;
      try {
        await acts[course]({ service, around, provider, context });
      } catch (error) {
        if (!(error instanceof LoadBalancerFault)) throw error;
        known.set(key, { service, nodes: nodes.map(identityOf), failures });
        if (course !== 'update') fail(service, course, error, context);
        return { after: Math.min(lastRetry, firstRetry * 2 ** (failures - 1)) };
      }
      if (course === 'delete') known.delete(key);
      else known.set(key, { service, nodes: nodes.map(identityOf), failures: 0 });
    },

    async gone(reference) {
      known.delete(keyOf(reference));
    },
  });
}

const keyOf = ({ namespace, name }: Reference): string => `${namespace}/${name}`;

const nodesIn = ({ lister }: Context): Node[] =>
  lister(Node)
    .list()
    .filter((node) => node.metadata.deletionTimestamp === undefined && isIncluded(node));

interface Act {
  readonly service: Service;
  readonly around: Surroundings;
  readonly provider: LoadBalancerProvider;
  readonly context: Context;
}

const acts: Readonly<Record<Exclude<Course, 'leave'>, (act: Act) => Promise<void>>> = {
  async ensure({ service, around, provider, context }) {
    context.event(service, { reason: 'EnsuringLoadBalancer', message: 'Ensuring load balancer' });
    if (!isProtected(service))
      await patchStatus(
        service,
        { metadata: { finalizers: [...(service.metadata.finalizers ?? []), finalizer] } },
        context,
      );
    if (around.nodes.length === 0) warnOfNoNodes(service, context);
    const status = await provider.ensure(service, around);
    context.event(service, { reason: 'EnsuredLoadBalancer', message: 'Ensured load balancer' });
    await showStatus(service, status, context);
  },

  async update({ service, around, provider, context }) {
    try {
      await provider.update(service, around);
    } catch (error) {
      if (error instanceof LoadBalancerFault) context.event(service, hostsFailure(around.nodes, error));
      throw error;
    }
    if (around.nodes.length === 0) warnOfNoNodes(service, context);
    else context.event(service, { reason: 'UpdatedLoadBalancer', message: 'Updated load balancer with new hosts' });
  },

  async delete({ service, around, provider, context }) {
    if (await provider.exists(service, around)) {
      context.event(service, { reason: 'DeletingLoadBalancer', message: 'Deleting load balancer' });
      await provider.ensureDeleted(service);
    }
    if (isProtected(service)) {
      const left = (service.metadata.finalizers ?? []).filter((each) => each !== finalizer);
      await patchStatus(service, { metadata: { finalizers: left.length > 0 ? left : null } }, context);
    }
    context.event(service, { reason: 'DeletedLoadBalancer', message: 'Deleted load balancer' });
    // One that was only waiting for this is gone now.
    await ignoringAbsent(showStatus(service, {}, context));
  },
};

const warnOfNoNodes = (service: Service, { event }: Context): void =>
  event(service, {
    type: 'Warning',
    reason: 'UnAvailableLoadBalancer',
    message: 'There are no available nodes for LoadBalancer',
  });

/** How many nodes a message names. */
const mostNames = 20;

function hostsFailure(nodes: readonly Node[], { message }: LoadBalancerFault) {
  const names = nodes.map(({ metadata }) => metadata.name ?? '').sort();
  const more = names.length > mostNames ? [`<${names.length - mostNames} more>`] : [];
  const shown = [...names.slice(0, mostNames), ...more].join(' ');
  return {
    type: 'Warning',
    reason: 'UpdateLoadBalancerFailed',
    message: `Error updating load balancer with new hosts [${shown}] [node names limited, total number of nodes: ${names.length}], error: ${message}`,
  } as const;
}

function fail(service: Service, course: 'ensure' | 'delete', { message }: LoadBalancerFault, { event }: Context): void {
  event(service, {
    type: 'Warning',
    reason: 'SyncLoadBalancerFailed',
    message: `Error syncing load balancer: failed to ${course} load balancer: ${message}`,
  });
}

async function showStatus(service: Service, status: LoadBalancerStatus, context: Context): Promise<void> {
  const before = service.status?.loadBalancer?.ingress ?? [];
  if (deepEqual(before, status.ingress ?? [])) return;
  await patchStatus(service, { status: { loadBalancer: { ingress: status.ingress ?? null } } }, context);
}

/** Finalizers go the same way as the status, as in Kubernetes. */
const patchStatus = (service: Service, patch: object, context: Context): Promise<Service> =>
  context.patch(Service, service, patch, { type: 'merge', subresource: 'status' });
