// Containers must ask not to run as root, unless their users are their own.

import { type Check, type CheckedPod, countedList, hasOwnUsers, namesOf, setters, type Violation } from '../check.ts';

export const runAsNonRoot: Check = {
  id: 'runAsNonRoot',
  level: 'restricted',
  rules: [
    { since: 0, violation },
    { since: 35, violation: (pod) => (hasOwnUsers(pod) ? undefined : violation(pod)) },
  ],
};

function violation(pod: CheckedPod): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const saysNo = namesOf(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false);
  const who = setters(ofPod === false, saysNo);
  if (who.length > 0) return { reason, detail: `${who.join(' and ')} must not set securityContext.runAsNonRoot=false` };
  const silent = namesOf(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined && !ofPod);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${countedList('container', silent)} must set securityContext.runAsNonRoot=true` };
}
