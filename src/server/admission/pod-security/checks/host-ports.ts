// Containers may not take ports of their node.

import { type Check, containersOf, countedList, distinct, namesOf, plural } from '../check.ts';

export const hostPorts: Check = {
  id: 'hostPorts',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation(pod) {
        const taken = (ports: readonly { hostPort?: number }[] | undefined) =>
          (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
        const bad = namesOf(pod, ({ ports }) => taken(ports).length > 0);
        if (bad.length === 0) return undefined;
        const ports = distinct(containersOf(pod).flatMap((container) => taken(container.ports)));
        const reason = plural('hostPort', ports);
        const verb = bad.length === 1 ? 'uses' : 'use';
        return { reason, detail: `${countedList('container', bad)} ${verb} ${reason} ${ports.join(', ')}` };
      },
    },
  ],
};
