// What the scheduler needs to know of a pod, read out of it once.

import { type Labels, nothing, printSelector, type Selector, selectorOf } from '../base/selectors.ts';
import type { PodAffinityTerm, PodSpec } from '../kinds/generated/types/core-v1.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { mountedClaims } from '../kinds/core/pod-facts.ts';
import { type PodRequests, requestsOf } from './resources.ts';

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** One term of a pod (anti-)affinity, ready to be asked about other pods. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: Selector;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: Selector | undefined;
}

/** A preference; the weight is negative for anti-affinity. */
export interface WeightedTerm extends AffinityTerm {
  readonly weight: number;
}

export interface PodInfo extends PodRequests {
  readonly pod: Pod;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly ports: readonly HostPort[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly preferred: readonly WeightedTerm[];
  /** All of these terms that could match a pod. */
  readonly terms: readonly Term[];
  /** Names of the claims it mounts, those made for its ephemeral volumes included. */
  readonly claims: readonly string[];
}

/** One of a pod's terms, of any sort. Equal terms have equal keys. */
export interface Term extends WeightedTerm {
  readonly sort: 'affinity' | 'antiAffinity' | 'preferred';
  readonly key: string;
}

const none: readonly never[] = [];
const noLabels: Labels = {};

export function podInfoOf(pod: Pod): PodInfo {
  const { metadata, spec } = pod;
  const namespace = metadata.namespace ?? '';
  const affinity = spec?.affinity;
  const terms = (list: readonly PodAffinityTerm[] | undefined) => list?.map((term) => termOf(term, namespace)) ?? none;
  const wanted = {
    affinity: terms(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: terms(affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: affinity ? preferredTerms(pod, namespace) : none,
  };
  return {
    pod,
    uid: uidOf(pod),
    name: metadata.name ?? '',
    namespace,
    labels: metadata.labels ?? noLabels,
    priority: spec?.priority ?? 0,
    ...requestsOf(pod),
    ports: hostPortsOf(spec),
    ...wanted,
    terms: affinity ? keyedTerms(wanted) : none,
    claims: mountedClaims(pod),
  };
}

/** What tells pods apart: a pod made anew under the same name is another. */
export const uidOf = (pod: Pod): string => pod.metadata.uid ?? `${pod.metadata.namespace}/${pod.metadata.name}`;

/** Whether a pod mounts this claim. */
export const mounts = (
  { namespace, claims }: PodInfo,
  { metadata }: { readonly metadata: { readonly name?: string; readonly namespace?: string } },
): boolean => metadata.namespace === namespace && claims.includes(metadata.name ?? '');

export const isTerminating = (info: PodInfo): boolean => info.pod.metadata.deletionTimestamp !== undefined;

/** Whether a pod with these namespace and labels is one the term speaks of. */
export function termMatches(term: AffinityTerm, pod: PodInfo, namespaceLabels: Labels | undefined): boolean {
  const inNamespace =
    term.namespaces.has(pod.namespace) || (term.namespaceSelector?.matches(namespaceLabels ?? noLabels) ?? false);
  return inNamespace && term.selector.matches(pod.labels);
}

function termOf(term: PodAffinityTerm, own: string): AffinityTerm {
  const named = term.namespaces ?? [];
  return {
    topologyKey: term.topologyKey,
    selector: selectorOf(term.labelSelector, 'nothing'),
    namespaces: new Set(named.length === 0 && !term.namespaceSelector ? [own] : named),
    namespaceSelector: term.namespaceSelector && selectorOf(term.namespaceSelector, 'nothing'),
  };
}

function keyedTerms({ affinity, antiAffinity, preferred }: Pick<PodInfo, Term['sort']>): Term[] {
  return [
    ...affinity.map((term) => keyed({ ...term, weight: 1 }, 'affinity')),
    ...antiAffinity.map((term) => keyed({ ...term, weight: 1 }, 'antiAffinity')),
    ...preferred.map((term) => keyed(term, 'preferred')),
  ].filter(({ selector }) => selector !== nothing);
}

function keyed(term: WeightedTerm, sort: Term['sort']): Term {
  const { topologyKey, weight, namespaces, namespaceSelector, selector } = term;
  const where = namespaceSelector ? `in ${printSelector(namespaceSelector)}` : '';
  const key = [sort, weight, topologyKey, [...namespaces].sort(), where, printSelector(selector)].join('\n');
  return { ...term, sort, key };
}

function preferredTerms(pod: Pod, namespace: string): WeightedTerm[] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const weighted = (list: typeof liked, sign: 1 | -1) =>
    list.map(({ weight, podAffinityTerm }) => ({ ...termOf(podAffinityTerm, namespace), weight: sign * weight }));
  const liked = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const disliked = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [...weighted(liked, 1), ...weighted(disliked, -1)];
}

function hostPortsOf(spec: PodSpec | undefined): readonly HostPort[] {
  const sidecars = spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  const ports: HostPort[] = [];
  for (const { ports: exposed } of [...(spec?.containers ?? []), ...sidecars]) {
    for (const { hostPort, hostIP, protocol } of exposed ?? []) {
      if (hostPort) ports.push({ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort });
    }
  }
  return ports.length > 0 ? ports : none;
}
