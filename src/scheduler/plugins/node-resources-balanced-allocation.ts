// Likes nodes on which resources are used alike, and those that the pod makes more so.

import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { Plugin } from '../plugin.ts';
import { balanceScore } from '../resource-scores.ts';
import { amountOf } from '../resources.ts';

export const nodeResourcesBalancedAllocation = ({
  resources,
}: PluginArgs['NodeResourcesBalancedAllocation']): Plugin => ({
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score(pod) {
    if (resources.every(({ name }) => amountOf(pod.requests, name) === 0)) return undefined;
    return { score: balanceScore(resources, pod) };
  },
});
