// AppArmor profiles were once annotations: what a new pod's annotations say is written into the fields that replaced them.

import type { Pod } from '../../generated/types/core-v1.ts';
import { appArmorPrefix, appArmorProfileOf } from '../../pod-spec/annotations.ts';
import { everyContainer } from '../../pod-spec/security.ts';

export function applyAppArmorAnnotations({ metadata, spec }: Pod): void {
  for (const [container] of everyContainer(spec, 'spec')) {
    const text = metadata.annotations?.[appArmorPrefix + container.name];
    const profile = text === undefined ? undefined : appArmorProfileOf(text);
    if (!profile || container.securityContext?.appArmorProfile) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}
