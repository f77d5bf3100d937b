// Windows containers may not run as processes of their node.

import { type Check, namesOf, setters } from '../check.ts';

export const windowsHostProcess: Check = {
  id: 'windowsHostProcess',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation(pod) {
        const bad = namesOf(pod, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
        const who = setters(pod.spec.securityContext?.windowsOptions?.hostProcess === true, bad);
        if (who.length === 0) return undefined;
        return {
          reason: 'hostProcess',
          detail: `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
        };
      },
    },
  ],
};
