// Containers see of /proc what runtimes show; baseline lets go of that where a pod's users are its own, restricted does not.

import {
  type Check,
  type CheckedPod,
  containersOf,
  countedList,
  distinct,
  hasOwnUsers,
  namesOf,
  quotedList,
  type Violation,
} from '../check.ts';

export const procMount: Check = {
  id: 'procMount',
  level: 'baseline',
  rules: [
    { since: 0, violation },
    { since: 35, violation: (pod) => (hasOwnUsers(pod) ? undefined : violation(pod)) },
  ],
};

/** Before 1.35 the baseline check was just as strict. */
export const procMountRestricted: Check = {
  id: 'procMount_restricted',
  level: 'restricted',
  rules: [{ since: 35, overrides: ['procMount'], violation }],
};

function violation(pod: CheckedPod): Violation | undefined {
  const bad = namesOf(pod, ({ securityContext }) => isBad(securityContext?.procMount));
  if (bad.length === 0) return undefined;
  const values = containersOf(pod).map(({ securityContext }): string | undefined => securityContext?.procMount);
  return {
    reason: 'procMount',
    detail: `${countedList('container', bad)} must not set securityContext.procMount to ${quotedList(distinct(values.filter(isBad)))}`,
  };
}

const isBad = (procMount: string | undefined): procMount is string =>
  procMount !== undefined && procMount !== 'Default';
