// Refuses nodes with a taint that the pod does not tolerate; likes those with fewer PreferNoSchedule taints.

import type { Node } from '../../kinds/core/node.ts';
import { hasUntoleratedTaint, tolerates, tolerationsChanged } from '../node-selection.ts';
import type { PodInfo } from '../pod-info.ts';
import { impossible, type Plugin, toHundredReversed } from '../plugin.ts';

const refusal = impossible('node(s) had untolerated taint(s)');

const mayGo = ({ pod }: PodInfo, node: Node): boolean =>
  !hasUntoleratedTaint(node.spec?.taints ?? [], pod.spec?.tolerations ?? []);

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  filter({ pod }) {
    const tolerations = pod.spec?.tolerations ?? [];
    return {
      check: ({ taints }) => (taints.length > 0 && hasUntoleratedTaint(taints, tolerations) ? refusal : undefined),
    };
  },
  score({ pod }, _, nodes) {
    if (!nodes.some(({ taints }) => taints.some(({ effect }) => effect === 'PreferNoSchedule'))) return undefined;
    const tolerations = (pod.spec?.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
    return {
      score: ({ taints }) =>
        taints.filter(
          (taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((each) => tolerates(each, taint)),
        ).length,
      normalize: toHundredReversed,
    };
  },
  wakes: {
    NodeAdded: (pod, { node }) => mayGo(pod, node),
    NodeChanged: (pod, { node, previous }) => mayGo(pod, node) && !mayGo(pod, previous),
    OwnChange: (pod, { previous }) => tolerationsChanged(pod, previous),
  },
};
