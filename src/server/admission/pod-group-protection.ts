// PodGroupProtection: groups of pods carry a finalizer that goes once no pod is in them.

import type { AdmissionPlugin } from './plugin.ts';

export const podGroupFinalizer = 'scheduling.k8s.io/podgroup-protection';

export const podGroupProtection: AdmissionPlugin = {
  name: 'PodGroupProtection',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && subresource === '' && kind.group === 'scheduling.k8s.io' && kind.plural === 'podgroups',

  mutate({ object }) {
    const metadata = object?.metadata;
    if (!metadata || metadata.finalizers?.includes(podGroupFinalizer)) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), podGroupFinalizer];
  },
};
