// Why a Service has no endpoints: what it selects, which pods come near, and which of those are not ready.

import type { ServicePort } from '../kinds/generated/types/core-v1.ts';
import { selectorOf } from '../base/selectors.ts';
import { Pod } from '../kinds/core/pod.ts';
import { isActive, isReady } from '../kinds/core/pod-facts.ts';
import type { Service } from '../kinds/core/service.ts';
import { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import type { Cause, Why } from '../kinds/why/explanation.ts';
import { counted, sinceOf, someOf } from './facts.ts';
import { podCauses } from './pod.ts';
import { referenceOf, type WhyView } from './view.ts';

/** So many near misses are told of. */
const missesTold = 5;

export function explainService(service: Service, view: WhyView): Why {
  const { metadata, spec } = service;
  const since = sinceOf(metadata.creationTimestamp);
  if (spec?.type === 'ExternalName') {
    return {
      state: 'ExternalName',
      ...since,
      verdict: `It is a name for ${spec.externalName}: it has no endpoints of its own.`,
    };
  }
  const selector = spec?.selector ?? {};
  const ready = readyEndpoints(service, view);
  if (Object.keys(selector).length === 0) {
    return ready > 0
      ? {
          state: 'Ready',
          ...since,
          verdict: `Whoever made its EndpointSlices gave it ${counted(ready, 'ready endpoint')}.`,
        }
      : { state: 'NoEndpoints', ...since, verdict: 'It selects no pods, and nobody made an EndpointSlice for it.' };
  }
  const pods = view.of(Pod).select(metadata.namespace ?? '', selectorOf({ matchLabels: selector }, 'nothing'));
  const live = pods.filter(isActive);
  const ports = portCauses(spec?.ports ?? [], live);
  if (ready > 0) return withEndpoints(service, view, { live, ready, ports });
  if (live.length === 0) return { state: 'NoEndpoints', ...since, ...nobodySelected(service, view, pods) };
  const late = live.filter((pod) => !isReady(pod));
  if (late.length === live.length) {
    return {
      state: 'NoEndpoints',
      ...since,
      verdict: `None of the ${counted(live.length, 'pod')} it selects is ready.`,
      causes: podCauses(late, view),
    };
  }
  return {
    state: 'NoEndpoints',
    ...since,
    verdict: ports[0]
      ? `Its pods are ready, but ${ports[0].message}.`
      : 'Its pods are ready; their endpoints are about to be written.',
    causes: ports,
  };
}

interface Backends {
  readonly live: readonly Pod[];
  readonly ready: number;
  readonly ports: readonly Cause[];
}

function withEndpoints(service: Service, view: WhyView, { live, ready, ports }: Backends): Why {
  const late = live.filter((pod) => !isReady(pod));
  const pendingAddress = service.spec?.type === 'LoadBalancer' && !service.status?.loadBalancer?.ingress?.length;
  return {
    state: pendingAddress ? 'AddressPending' : 'Ready',
    ...sinceOf(service.metadata.creationTimestamp),
    verdict: `It has ${counted(ready, 'ready endpoint')} of ${counted(live.length, 'pod')}${pendingAddress ? ', but no load balancer has given it an address' : ''}.`,
    causes: [...podCauses(late, view), ...ports],
  };
}

function readyEndpoints({ metadata }: Service, view: WhyView): number {
  const addresses = view
    .of(EndpointSlice)
    .list(metadata.namespace)
    .filter(({ metadata: slice }) => slice.labels?.['kubernetes.io/service-name'] === metadata.name)
    .flatMap(({ endpoints, ports }) => ((ports ?? []).length > 0 ? (endpoints ?? []) : []))
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ targetRef, addresses: [address] }) => targetRef?.uid ?? address ?? []);
  return new Set(addresses).size;
}

/** No pod has all of the labels: those that have most of them are likely meant. */
function nobodySelected(
  { metadata, spec }: Service,
  view: WhyView,
  ended: readonly Pod[],
): Pick<Why, 'verdict' | 'causes'> {
  const wanted = Object.entries(spec?.selector ?? {});
  const text = wanted.map(([key, value]) => `${key}=${value}`).join(',');
  if (ended.length > 0) {
    return {
      verdict: `All ${counted(ended.length, 'pod')} with ${text} ended or ${ended.length === 1 ? 'is' : 'are'} being deleted.`,
    };
  }
  const near = view
    .of(Pod)
    .list(metadata.namespace)
    .map((pod) => ({ pod, missing: wanted.filter(([key, value]) => pod.metadata.labels?.[key] !== value) }))
    .filter(({ pod, missing }) => isActive(pod) && missing.length < wanted.length)
    .sort((a, b) => a.missing.length - b.missing.length)
    .slice(0, missesTold);
  const elsewhere = view
    .of(Pod)
    .list()
    .find(
      ({ metadata: pod }) =>
        pod.namespace !== metadata.namespace && wanted.every(([key, value]) => pod.labels?.[key] === value),
    );
  return {
    verdict: `No pod in ${metadata.namespace} has the labels ${text}.`,
    causes: [
      ...near.map(({ pod, missing }) => ({
        reason: 'NearMiss',
        message: `pod ${pod.metadata.name} differs: ${missing.map(([key, value]) => `${key} is ${pod.metadata.labels?.[key] ?? 'not set'}, not ${value}`).join('; ')}`,
        about: referenceOf(Pod as never, pod),
      })),
      ...(elsewhere
        ? [
            {
              reason: 'OtherNamespace',
              message: `pod ${elsewhere.metadata.name} in namespace ${elsewhere.metadata.namespace} has them: a Service selects in its own namespace only`,
              about: referenceOf(Pod as never, elsewhere),
            },
          ]
        : []),
    ],
  };
}

/** Ports that are named after a port that no container has. */
const portCauses = (ports: readonly ServicePort[], pods: readonly Pod[]): readonly Cause[] =>
  ports.flatMap(({ targetPort, port }) => {
    if (typeof targetPort !== 'string') return [];
    const without = pods.filter(
      ({ spec }) => !spec?.containers.some((each) => each.ports?.some(({ name }) => name === targetPort)),
    );
    if (without.length === 0) return [];
    const names = someOf(without.map(({ metadata }) => metadata.name ?? ''));
    return [
      {
        reason: 'PortUnknown',
        message: `port ${port} leads to a container port named ${targetPort}, which ${names} ${without.length === 1 ? 'does' : 'do'} not have`,
      },
    ];
  });
