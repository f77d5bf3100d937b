// Containers may not name root as their user, unless their users are their own.

import { type Check, type CheckedPod, hasOwnUsers, namesOf, setters, type Violation } from '../check.ts';

export const runAsUser: Check = {
  id: 'runAsUser',
  level: 'restricted',
  rules: [
    { since: 23, violation },
    { since: 35, violation: (pod) => (hasOwnUsers(pod) ? undefined : violation(pod)) },
  ],
};

function violation(pod: CheckedPod): Violation | undefined {
  const bad = namesOf(pod, ({ securityContext }) => securityContext?.runAsUser === 0);
  const who = setters(pod.spec.securityContext?.runAsUser === 0, bad);
  return who.length > 0
    ? { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` }
    : undefined;
}
