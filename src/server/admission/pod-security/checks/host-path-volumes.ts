// Pods may not mount files of their node.

import { type Check, countedList } from '../check.ts';

export const hostPathVolumes: Check = {
  id: 'hostPathVolumes',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation({ spec }) {
        const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
        return bad.length > 0 ? { reason: 'hostPath volumes', detail: countedList('volume', bad) } : undefined;
      },
    },
  ],
};
