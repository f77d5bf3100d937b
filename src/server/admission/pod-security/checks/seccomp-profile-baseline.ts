// System calls may not be left unfiltered: before 1.19 as annotations say, since then as fields do.

import { type Check, type CheckedPod, distinct, plural, quotedList } from '../check.ts';
import { explicitlyBad } from './seccomp.ts';

const ofPod = 'seccomp.security.alpha.kubernetes.io/pod';
const ofContainer = 'container.seccomp.security.alpha.kubernetes.io/';

export const seccompProfileBaseline: Check = {
  id: 'seccompProfile_baseline',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation(pod) {
        const bad = badAnnotations(pod);
        if (bad.length === 0) return undefined;
        return { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', bad)} ${quotedList(bad)}` };
      },
    },
    { since: 19, violation: explicitlyBad },
  ],
};

const badAnnotations = ({ metadata }: CheckedPod): string[] =>
  distinct(
    Object.entries(metadata.annotations ?? {})
      .filter(([key, value]) => (key === ofPod || key.startsWith(ofContainer)) && !isAllowed(value))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`),
  );

const isAllowed = (value: string): boolean =>
  value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
