// Refuses nodes without room for what the pod requests; likes those that would have the most left.

import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { Node } from '../../kinds/core/node.ts';
import { allowedPodsOf, type NodeInfo } from '../node-info.ts';
import { type Plugin, type Refusal } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import { strategyScore } from '../resource-scores.ts';
import { type Amounts, amountOf, amountsOf, isExtended, namesOf } from '../resources.ts';

const tooManyPods = 'Too many pods';

export const nodeResourcesFit = (args: PluginArgs['NodeResourcesFit']): Plugin => ({
  name: 'NodeResourcesFit',
  weight: 1,
  filter(pod) {
    const requests = withoutIgnored(pod.requests, args);
    const refusals = new Map<string, Refusal>();
    return {
      check: (node) => (hasRoom(node, requests) ? undefined : shared(refusals, shortageOf(node, requests))),
    };
  },
  score(pod) {
    return { score: strategyScore(args.scoringStrategy, pod) };
  },
  wakes: {
    NodeAdded: (pod, { node }) => couldFit(pod, node),
    NodeChanged: (pod, { node, previous }) => couldFit(pod, node) && offersMore(pod, node, previous),
    PodGone: true,
    PodChanged: ({ requests }, { pod, previous }) =>
      namesOf(requests).some((name) => amountOf(pod.requests, name) < amountOf(previous.requests, name)),
    OwnChange: (pod, { previous }) =>
      namesOf(previous.requests).some((name) => amountOf(pod.requests, name) < amountOf(previous.requests, name)),
  },
});

/** Without the extended resources that somebody else looks after. */
function withoutIgnored(
  requests: Amounts,
  { ignoredResources, ignoredResourceGroups }: PluginArgs['NodeResourcesFit'],
): Amounts {
  if (!requests.scalars || ignoredResources.length + ignoredResourceGroups.length === 0) return requests;
  const isIgnored = (name: string): boolean =>
    isExtended(name) && (ignoredResources.includes(name) || ignoredResourceGroups.includes(name.split('/')[0] ?? ''));
  return { ...requests, scalars: new Map([...requests.scalars].filter(([name]) => !isIgnored(name))) };
}

function hasRoom(node: NodeInfo, requests: Amounts): boolean {
  const { allocatable, requested } = node;
  if (node.pods.size + 1 > node.allowedPods) return false;
  if (requests.milliCPU > 0 && requests.milliCPU > allocatable.milliCPU - requested.milliCPU) return false;
  if (requests.memory > 0 && requests.memory > allocatable.memory - requested.memory) return false;
  const { ephemeralStorage } = requests;
  if (ephemeralStorage > 0 && ephemeralStorage > allocatable.ephemeralStorage - requested.ephemeralStorage)
    return false;
  return !requests.scalars || shortScalars(node, requests.scalars).length === 0;
}

/** Everything that is short, in Kubernetes' order. */
function shortageOf(node: NodeInfo, requests: Amounts): Refusal {
  const { allocatable, requested } = node;
  const reasons: string[] = [];
  let unresolvable = false;
  if (node.pods.size + 1 > node.allowedPods) reasons.push(tooManyPods);
  for (const [name, key] of plainResources) {
    if (requests[key] === 0 || requests[key] <= allocatable[key] - requested[key]) continue;
    reasons.push(`Insufficient ${name}`);
    unresolvable ||= requests[key] > allocatable[key];
  }
  for (const name of requests.scalars ? shortScalars(node, requests.scalars) : []) {
    reasons.push(`Insufficient ${name}`);
    unresolvable ||= (requests.scalars?.get(name) ?? 0) > (allocatable.scalars?.get(name) ?? 0);
  }
  return { reasons, unresolvable };
}

const plainResources = [
  ['cpu', 'milliCPU'],
  ['memory', 'memory'],
  ['ephemeral-storage', 'ephemeralStorage'],
] as const;

const shortScalars = ({ allocatable, requested }: NodeInfo, wanted: ReadonlyMap<string, number>): string[] =>
  [...wanted]
    .filter(([name, n]) => n > 0 && n > (allocatable.scalars?.get(name) ?? 0) - (requested.scalars?.get(name) ?? 0))
    .map(([name]) => name);

/** Equal refusals are one object: a full cluster refuses with the same few reasons over and over. */
function shared(refusals: Map<string, Refusal>, refusal: Refusal): Refusal {
  const key = `${refusal.unresolvable} ${refusal.reasons.join()}`;
  const known = refusals.get(key);
  if (known) return known;
  refusals.set(key, refusal);
  return refusal;
}

/** Whether an empty node of this size had room. */
function couldFit({ requests }: PodInfo, node: Node): boolean {
  const has = amountsOf(node.status?.allocatable);
  return allowedPodsOf(node) > 0 && namesOf(requests).every((name) => amountOf(requests, name) <= amountOf(has, name));
}

/** More of something that the pod asks for. */
function offersMore({ requests }: PodInfo, node: Node, previous: Node): boolean {
  if (allowedPodsOf(node) > allowedPodsOf(previous)) return true;
  const [now, before] = [amountsOf(node.status?.allocatable), amountsOf(previous.status?.allocatable)];
  return namesOf(requests).some((name) => amountOf(now, name) > amountOf(before, name));
}
