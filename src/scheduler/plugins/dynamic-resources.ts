// Devices: what it has to say about pods that claim none. Pods with resource claims are refused, loudly.

import { impossible, type Plugin } from '../plugin.ts';

export const dynamicResources: Plugin = {
  name: 'DynamicResources',
  filter({ pod }) {
    const claims = pod.spec?.resourceClaims ?? [];
    return claims.length > 0 ? impossible('resource claims are not modelled: no device can be allocated') : undefined;
  },
  remedy({ refusedEverywhere }) {
    if (refusedEverywhere) return { message: 'not found', final: true };
    return { message: 'no new claims to deallocate' };
  },
};
