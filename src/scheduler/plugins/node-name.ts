// Refuses all nodes but the one a pod names.

import { impossible, type Plugin } from '../plugin.ts';

const refusal = impossible("node(s) didn't match the requested node name");

export const nodeName: Plugin = {
  name: 'NodeName',
  filter({ pod }) {
    const wanted = pod.spec?.nodeName;
    return wanted ? { check: ({ name }) => (name === wanted ? undefined : refusal) } : undefined;
  },
  wakes: { NodeAdded: true },
};
