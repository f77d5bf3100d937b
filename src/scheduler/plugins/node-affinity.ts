// Refuses nodes that nodeSelector or the required node affinity excludes; likes those the preferred terms name.

import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { NodeSelectorTerm } from '../../kinds/generated/types/core-v1.ts';
import type { Node } from '../../kinds/core/node.ts';
import { nodeSelectorTest, nodeTermTest, requiredNodesOf } from '../node-selection.ts';
import type { PodInfo } from '../pod-info.ts';
import { impossible, type Plugin, toHundred } from '../plugin.ts';

const refusal = impossible("node(s) didn't match Pod's node affinity/selector");
const unenforced = impossible("node(s) didn't match scheduler-enforced node affinity");
const conflict = impossible('pod affinity terms conflict');

/** The added affinity holds for all pods, besides their own. */
export function nodeAffinity({ addedAffinity }: PluginArgs['NodeAffinity']): Plugin {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const enforces = added && nodeSelectorTest(added);
  return {
    name: 'NodeAffinity',
    weight: 2,
    filter({ pod }) {
      const test = requiredNodesOf(pod);
      if (!test && !enforces) return undefined;
      const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      const only = required && namesOf(required.nodeSelectorTerms);
      if (only?.size === 0) return conflict;
      return {
        check: (node) => (enforces && !enforces(node) ? unenforced : !test || test(node) ? undefined : refusal),
        ...(only && { only }),
      };
    },
    score({ pod }) {
      const own = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      const preferred = [...(addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []), ...own];
      if (preferred.length === 0) return undefined;
      const liked = preferred.map(({ weight, preference }) => ({ weight, test: nodeTermTest(preference) }));
      return {
        score: (node) => liked.reduce((sum, { weight, test }) => (test(node) ? sum + weight : sum), 0),
        normalize: toHundred,
      };
    },
    wakes: {
      NodeAdded: (pod, { node }) => (!enforces || enforces(viewOf(node))) && allows(pod, node),
      NodeChanged: (pod, { node, previous }) =>
        (!enforces || enforces(viewOf(node))) && allows(pod, node) && !allows(pod, previous),
    },
  };
}

/** The names of the only nodes the terms can mean, if each term names some (pods of DaemonSets do). */
function namesOf(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { matchFields } of terms) {
    const lists = (matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (lists.length === 0) return undefined;
    const [first, ...others] = lists;
    for (const name of first?.values ?? []) if (others.every(({ values }) => values?.includes(name))) names.add(name);
  }
  return terms.length > 0 ? names : undefined;
}

function allows({ pod }: PodInfo, node: Node): boolean {
  const test = requiredNodesOf(pod);
  return !test || test(viewOf(node));
}

const viewOf = ({ metadata }: Node) => ({ name: metadata.name ?? '', labels: metadata.labels ?? {} });
