// Refuses nodes on which a claim of the pod would get no volume.

import { impossible, type Plugin, type Refusal } from '../plugin.ts';
import { claimsOf, planVolumes } from '../volumes.ts';

export const volumeBinding: Plugin = {
  name: 'VolumeBinding',
  filter(pod, { view }) {
    if (pod.claims.length === 0) return undefined;
    const claims = claimsOf(pod, view);
    if (typeof claims === 'string') return impossible(claims);
    return {
      check(node): Refusal | undefined {
        const plan = planVolumes(claims, node, view);
        return 'bind' in plan ? undefined : { reasons: plan, unresolvable: true };
      },
    };
  },
  wakes: {
    ClaimAdded: (pod, event) => event.name === 'ClaimAdded' && pod.claims.includes(event.object.name),
    ClaimChanged: (pod, event) => event.name === 'ClaimChanged' && pod.claims.includes(event.object.name),
    VolumeAdded: true,
    VolumeChanged: true,
    StorageClassAdded: true,
    StorageClassChanged: true,
    CSINodeAdded: true,
    CSINodeChanged: true,
    CSIDriverChanged: true,
    StorageCapacityChanged: true,
    NodeAdded: true,
    NodeChanged: true,
  },
};
