// How pods count: one each, and what they ask for and may use, until they are finished or their time to stop is over.

import type { Instant } from '../../../base/clock.ts';
import { selectorOfRequirements, type Operator } from '../../../base/selectors.ts';
import { parseTime } from '../../../base/time.ts';
import { quantityOfNumber } from '../../../base/quantity.ts';
import type { Pod } from '../../../kinds/core/pod.ts';
import { qosClassOf } from '../../../kinds/core/pod/qos.ts';
import type {
  Container,
  PodAffinityTerm,
  ScopedResourceSelectorRequirement,
} from '../../../kinds/generated/types/core-v1.ts';
import { type Amounts, type MutableAmounts, amountsOf } from '../amounts.ts';
import { podTotals } from '../pod-amounts.ts';
import { evaluator } from './evaluator.ts';

const one = quantityOfNumber(1);
const native = ['cpu', 'memory', 'ephemeral-storage'];
const named = new Set([
  'count/pods',
  'pods',
  ...native,
  ...native.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
]);
/** A pod must say these for every container once a quota counts them. */
const toBeSaid = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

export const podEvaluator = evaluator<Pod>({
  handlesUpdates: 'resize',
  counts: (name) => named.has(name) || name.startsWith('hugepages-') || isCountedRequest(name),

  usage(pod, now) {
    const used: MutableAmounts = new Map([['count/pods', one]]);
    if (!isCounted(pod, now)) return used;
    used.set('pods', one);
    for (const [name, amount] of usageOf(podTotals(pod, 'requests'), podTotals(pod, 'limits'))) used.set(name, amount);
    return used;
  },

  isInScope: matchesScope,

  unsaid(pod, counted) {
    const required = toBeSaid.filter((name) => counted.includes(name) && !isSaidForPod(pod, name)).sort();
    const missing = required.flatMap((name) => {
      const silent = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
        .filter((container) => !containerUsage(container).has(name))
        .map((container) => container.name);
      return silent.length > 0 ? [`${name} for: ${[...new Set(silent)].sort().join(',')}`] : [];
    });
    return missing.length > 0 ? `must specify ${missing.join('; ')}` : undefined;
  },
});

/** `requests.hugepages-2Mi` and `requests.example.com/gpu`. */
function isCountedRequest(name: string): boolean {
  if (!name.startsWith('requests.')) return false;
  const resource = name.slice('requests.'.length);
  return resource.startsWith('hugepages-') || isExtended(resource);
}

const isExtended = (resource: string): boolean =>
  resource.includes('/') && !/(^|\.)kubernetes\.io\//.test(resource) && !resource.startsWith('requests.');

function isCounted({ metadata, status }: Pod, now: Instant): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds: grace } = metadata;
  const asked = deletionTimestamp === undefined ? undefined : parseTime(deletionTimestamp);
  return asked === undefined || grace === undefined || now <= asked + grace * 1000;
}

function usageOf(requests: Amounts, limits: Amounts): MutableAmounts {
  const used: MutableAmounts = new Map();
  for (const [name, amount] of requests) {
    if (native.includes(name) || name.startsWith('hugepages-')) {
      used.set(name, amount);
      used.set(`requests.${name}`, amount);
    } else if (isExtended(name)) used.set(`requests.${name}`, amount);
  }
  for (const name of native) {
    const limit = limits.get(name);
    if (limit) used.set(`limits.${name}`, limit);
  }
  return used;
}

const containerUsage = ({ resources }: Container): Amounts =>
  usageOf(amountsOf(resources?.requests), amountsOf(resources?.limits));

const isSaidForPod = ({ spec: { resources } }: Pod, name: string): boolean =>
  usageOf(amountsOf(resources?.requests), amountsOf(resources?.limits)).has(name);

function matchesScope(pod: Pod, scope: ScopedResourceSelectorRequirement): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return hasDeadline(pod);
    case 'NotTerminating':
      return !hasDeadline(pod);
    case 'BestEffort':
      return qosClassOf(pod.spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod.spec) !== 'BestEffort';
    case 'PriorityClass':
      return namesMatch(pod.spec.priorityClassName, scope);
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(
        ({ namespaces, namespaceSelector }) => (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
      );
    default:
      return false;
  }
}

const hasDeadline = ({ spec }: Pod): boolean =>
  spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;

/** Whether the name of a class is one the scope means. */
export function namesMatch(name: string | undefined, scope: ScopedResourceSelectorRequirement): boolean {
  const { operator, scopeName: key, values = [] } = scope;
  return selectorOfRequirements([{ key, operator: operator as Operator, values }]).matches(name ? { [key]: name } : {});
}

function affinityTerms({ spec: { affinity } }: Pod): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((each) => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}
