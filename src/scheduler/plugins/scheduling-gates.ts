// Keeps pods with scheduling gates out of the queue.

import type { Plugin } from '../plugin.ts';

export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  gate(pod) {
    const gates = pod.spec?.schedulingGates ?? [];
    if (gates.length === 0) return undefined;
    return `waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`;
  },
};
