// Containers must give up all capabilities, but for that of listening on low ports.

import { type Check, type CheckedPod, countedList, isWindows, namesOf, type Violation } from '../check.ts';
import { addedBeyond } from './capabilities.ts';

const overrides = ['capabilities_baseline'];

export const capabilitiesRestricted: Check = {
  id: 'capabilities_restricted',
  level: 'restricted',
  rules: [
    { since: 22, overrides, violation },
    { since: 25, overrides, violation: (pod) => (isWindows(pod) ? undefined : violation(pod)) },
  ],
};

function violation(pod: CheckedPod): Violation | undefined {
  const keeping = namesOf(pod, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
  const added = addedBeyond(['NET_BIND_SERVICE'], pod);
  const details = [
    ...(keeping.length > 0
      ? [`${countedList('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(added ? [added] : []),
  ];
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
}
