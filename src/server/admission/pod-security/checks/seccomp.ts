// What both checks of seccomp profiles say of those that are named.

import { type CheckedPod, containersOf, distinct, namesOf, quotedList, setters, type Violation } from '../check.ts';

/** Whoever names a profile that does not filter; undefined: nobody does. */
export function explicitlyBad(pod: CheckedPod): Violation | undefined {
  const ofPod = pod.spec.securityContext?.seccompProfile?.type;
  const bad = namesOf(pod, ({ securityContext }) => isBad(securityContext?.seccompProfile?.type));
  const who = setters(isBad(ofPod), bad);
  if (who.length === 0) return undefined;
  const types: (string | undefined)[] = [
    ofPod,
    ...containersOf(pod).map(({ securityContext }) => securityContext?.seccompProfile?.type),
  ];
  return {
    reason: 'seccompProfile',
    detail: `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${quotedList(distinct(types.filter(isBad)))}`,
  };
}

const isBad = (type: string | undefined): type is string =>
  type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
