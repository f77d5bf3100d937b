// Refuses nodes that do not declare a feature which the pod needs of its kubelet.

import { deepEqual } from '../../base/equal.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { impossible, type Plugin } from '../plugin.ts';

const refusal = impossible("node(s) didn't match Pod's required features");

/** What a pod may need, by the name under which nodes declare it. */
const features: Readonly<Record<string, (pod: Pod) => boolean>> = {
  RestartAllContainersOnContainerExits: ({ spec }) =>
    [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(({ restartPolicyRules = [] }) =>
      restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
    ),
  UserNamespacesHostNetworkSupport: ({ spec }) => spec?.hostNetwork === true && spec.hostUsers === false,
};

const neededBy = (pod: Pod): readonly string[] => Object.keys(features).filter((name) => features[name]?.(pod));

export const nodeDeclaredFeatures: Plugin = {
  name: 'NodeDeclaredFeatures',
  filter({ pod }) {
    const needed = neededBy(pod);
    if (needed.length === 0) return undefined;
    return {
      check: ({ node }) =>
        needed.every((name) => node?.status?.declaredFeatures?.includes(name)) ? undefined : refusal,
    };
  },
  wakes: {
    NodeAdded: true,
    NodeChanged: (_, { node, previous }) =>
      !deepEqual(node.status?.declaredFeatures, previous.status?.declaredFeatures),
    OwnChange: ({ pod }, { previous }) => !deepEqual(neededBy(pod), neededBy(previous.pod)),
  },
};
