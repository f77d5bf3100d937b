// AppArmor profiles were once annotations: what a new pod's annotations say is written into the fields that replaced them.

import { deepEqual } from '../../../base/equal.ts';
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

/** The annotations that no field contradicts, once they were written into the fields. */
export function appliedAppArmorAnnotations({ metadata, spec }: Pick<Pod, 'metadata' | 'spec'>): Record<string, string> {
  const applied = everyContainer(spec, 'spec').flatMap(([{ name, securityContext }]) => {
    const text = metadata.annotations?.[appArmorPrefix + name];
    if (text === undefined) return [];
    const field = securityContext?.appArmorProfile;
    return !field || deepEqual(field, appArmorProfileOf(text)) ? [[appArmorPrefix + name, text] as const] : [];
  });
  return Object.fromEntries(applied);
}
