// SELinux may be told one of the types meant for containers, and no user or role.

import type { SELinuxOptions } from '../../../../kinds/generated/types/core-v1.ts';
import {
  type Check,
  type CheckedPod,
  containersOf,
  countedList,
  distinct,
  namesOf,
  setters,
  type Violation,
} from '../check.ts';

const types = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

export const seLinuxOptions: Check = {
  id: 'seLinuxOptions',
  level: 'baseline',
  rules: [
    { since: 0, violation: (pod) => violation(pod, types) },
    { since: 31, violation: (pod) => violation(pod, [...types, 'container_engine_t']) },
  ],
};

function violation(pod: CheckedPod, allowed: readonly string[]): Violation | undefined {
  const isBadType = ({ type = '' }: SELinuxOptions): boolean => !allowed.includes(type);
  const isBad = (options: SELinuxOptions | undefined): options is SELinuxOptions =>
    options !== undefined && (isBadType(options) || Boolean(options.user) || Boolean(options.role));
  const ofPod = pod.spec.securityContext?.seLinuxOptions;
  const bad = namesOf(pod, ({ securityContext }) => isBad(securityContext?.seLinuxOptions));
  const who = setters(isBad(ofPod), bad);
  if (who.length === 0) return undefined;
  const given = [ofPod, ...containersOf(pod).map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(
    isBad,
  );
  const badTypes = distinct(given.filter(isBadType).map(({ type = '' }) => type));
  const problems = [
    ...(badTypes.length > 0 ? [countedList('type', badTypes)] : []),
    ...(given.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(given.some(({ role }) => role) ? ['role may not be set'] : []),
  ];
  return {
    reason: 'seLinuxOptions',
    detail: `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}`,
  };
}
