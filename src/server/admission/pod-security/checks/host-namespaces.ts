// Pods may not share the network, the processes or the shared memory of their node.

import type { Check } from '../check.ts';

const shared = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

export const hostNamespaces: Check = {
  id: 'hostNamespaces',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation({ spec }) {
        const bad = shared.filter((name) => spec[name]).map((name) => `${name}=true`);
        return bad.length > 0 ? { reason: 'host namespaces', detail: bad.join(', ') } : undefined;
      },
    },
  ],
};
