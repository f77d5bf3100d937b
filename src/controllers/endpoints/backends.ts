// The pods behind a Service: which count, on which ports, and when the last change that matters to them happened.

import { parseTime } from '../../base/time.ts';
import { deepEqual } from '../../base/equal.ts';
import { selectorFromSet } from '../../base/selectors.ts';
import type { Reference } from '../../api/object.ts';
import { referenceTo } from '../../client/client.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { Service } from '../../kinds/core/service.ts';
import type { ServicePort } from '../../kinds/generated/types/core-v1.ts';
import { type Watched, watching } from '../../reconcile/controller.ts';
import { isFinished, podCondition } from '../../kinds/core/pod-facts.ts';

export const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
export const headlessLabel = 'service.kubernetes.io/headless';

export const isHeadless = ({ spec }: Service): boolean => spec?.clusterIP === 'None';

export const hasSelector = ({ spec }: Service): boolean => spec?.selector !== undefined && spec.type !== 'ExternalName';

/** The pod has an address and may get traffic, now or until it has terminated. */
export const hasEndpoint = (pod: Pod): boolean => !isFinished(pod) && addressesOf(pod).length > 0;

export const addressesOf = ({ status }: Pod): string[] =>
  status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);

export const isIPv6 = (address: string): boolean => address.includes(':');

/** The number of the pod's port that a Service's port leads to. */
export function targetOf(pod: Pod, { targetPort, port, protocol = 'TCP' }: ServicePort): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  if (targetPort === undefined || targetPort === '') return port;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars])
    for (const each of container.ports ?? [])
      if (each.name === targetPort && (each.protocol ?? 'TCP') === protocol) return each.containerPort;
  return undefined;
}

/** The name a pod has in the DNS of its Service. */
export const hostnameIn = (service: Service, { spec, metadata }: Pod): string | undefined =>
  spec.hostname && spec.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace
    ? spec.hostname
    : undefined;

/** What of a pod shows in endpoints. */
const visible = ({ metadata, status, spec }: Pod) => [
  metadata.labels,
  metadata.deletionTimestamp,
  status?.phase,
  status?.podIPs,
  status?.podIP,
  spec.nodeName,
  status?.conditions?.find(({ type }) => type === 'Ready'),
];

/** Wakes the Services that a changed pod is, or was, behind. */
export const watchingPods: Watched = watching(Pod, (pod, previous, { lister }): readonly Reference[] => {
  const present = lister(Pod).get(pod.metadata.name ?? '', pod.metadata.namespace) !== undefined;
  if (previous && present && deepEqual(visible(pod), visible(previous))) return [];
  const selected = ({ spec }: Service) => {
    const selector = selectorFromSet(spec?.selector);
    return (
      selector.matches(pod.metadata.labels) || (previous !== undefined && selector.matches(previous.metadata.labels))
    );
  };
  return lister(Service)
    .list(pod.metadata.namespace)
    .filter((service) => hasSelector(service) && selected(service))
    .map(referenceTo);
});

/** Remembers when pods became ready or not, to say of a change when it was caused. */
export function triggerTimes() {
  const known = new Map<string, { service: string; pods: Map<string, string> }>();
  return {
    /** The earliest cause that is new since the last time; undefined when no cause is known. */
    next(service: Service, pods: readonly Pod[]): string | undefined {
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      const before = known.get(key);
      const created = service.metadata.creationTimestamp ?? '';
      const times = new Map<string, string>();
      const causes = created !== before?.service ? [created] : [];
      for (const pod of pods) {
        const time = podCondition(pod, 'Ready')?.lastTransitionTime;
        if (!time) continue;
        times.set(pod.metadata.name ?? '', time);
        const last = before?.pods.get(pod.metadata.name ?? '');
        if (last === undefined || (parseTime(time) ?? 0) > (parseTime(last) ?? 0)) causes.push(time);
      }
      known.set(key, { service: created, pods: times });
      return causes.filter(Boolean).sort((a, b) => (parseTime(a) ?? 0) - (parseTime(b) ?? 0))[0];
    },
    /** How many pods the Service had the last time. */
    pods: ({ metadata: { namespace, name } }: Service): number => known.get(`${namespace}/${name}`)?.pods.size ?? 0,
    forget({ namespace, name }: Reference): void {
      known.delete(`${namespace}/${name}`);
    },
  };
}
