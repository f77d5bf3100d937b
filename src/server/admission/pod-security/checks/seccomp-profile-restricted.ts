// System calls must be filtered, by the runtime's profile or one of the node.

import { type Check, type CheckedPod, countedList, isWindows, namesOf, type Violation } from '../check.ts';
import { explicitlyBad } from './seccomp.ts';

const overrides = ['seccompProfile_baseline'];

export const seccompProfileRestricted: Check = {
  id: 'seccompProfile_restricted',
  level: 'restricted',
  rules: [
    { since: 19, overrides, violation },
    { since: 25, overrides, violation: (pod) => (isWindows(pod) ? undefined : violation(pod)) },
  ],
};

function violation(pod: CheckedPod): Violation | undefined {
  const explicit = explicitlyBad(pod);
  if (explicit || pod.spec.securityContext?.seccompProfile) return explicit;
  const silent = namesOf(pod, ({ securityContext }) => !securityContext?.seccompProfile);
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${countedList('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}
