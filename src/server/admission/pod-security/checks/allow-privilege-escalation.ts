// Processes may not gain more rights than their parents have.

import { type Check, type CheckedPod, countedList, isWindows, namesOf, type Violation } from '../check.ts';

export const allowPrivilegeEscalation: Check = {
  id: 'allowPrivilegeEscalation',
  level: 'restricted',
  rules: [
    { since: 8, violation },
    { since: 25, violation: (pod) => (isWindows(pod) ? undefined : violation(pod)) },
  ],
};

function violation(pod: CheckedPod): Violation | undefined {
  const bad = namesOf(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${countedList('container', bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}
