// Containers may add no capabilities beyond those that container runtimes give anyway.

import type { Check } from '../check.ts';
import { addedBeyond } from './capabilities.ts';

const usual = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

export const capabilitiesBaseline: Check = {
  id: 'capabilities_baseline',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation(pod) {
        const added = addedBeyond(usual, pod);
        return added === undefined ? undefined : { reason: 'non-default capabilities', detail: added };
      },
    },
  ],
};
