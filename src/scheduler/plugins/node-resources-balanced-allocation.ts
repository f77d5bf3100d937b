// Likes nodes on which CPU and memory are used alike, and those that the pod makes more so.

import type { NodeInfo } from '../node-info.ts';
import type { Plugin } from '../plugin.ts';

export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score({ requests: { milliCPU, memory } }) {
    if (milliCPU === 0 && memory === 0) return undefined;
    return {
      score: (node) => 50 + Math.trunc((50 + balance(node, milliCPU, memory) - balance(node, 0, 0)) / 2),
    };
  },
};

/** 100 when the same share of both is requested, 50 when all of one and none of the other. */
function balance({ allocatable, requested }: NodeInfo, milliCPU: number, memory: number): number {
  if (allocatable.milliCPU === 0 || allocatable.memory === 0) return 100;
  const cpu = Math.min(1, (requested.milliCPU + milliCPU) / allocatable.milliCPU);
  const mem = Math.min(1, (requested.memory + memory) / allocatable.memory);
  return Math.trunc((1 - Math.abs(cpu - mem) / 2) * 100);
}
