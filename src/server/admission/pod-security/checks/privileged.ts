// Containers may not have all the rights of their node.

import { type Check, countedList, namesOf } from '../check.ts';

export const privileged: Check = {
  id: 'privileged',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation(pod) {
        const bad = namesOf(pod, ({ securityContext }) => securityContext?.privileged === true);
        if (bad.length === 0) return undefined;
        return {
          reason: 'privileged',
          detail: `${countedList('container', bad)} must not set securityContext.privileged=true`,
        };
      },
    },
  ],
};
