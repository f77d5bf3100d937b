// Refuses cordoned nodes.

import type { Node } from '../../kinds/core/node.ts';
import type { PodInfo } from '../pod-info.ts';
import { tolerates, tolerationsChanged } from '../node-selection.ts';
import { impossible, type Plugin } from '../plugin.ts';

const refusal = impossible('node(s) were unschedulable');
const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

const toleratesIt = ({ pod }: PodInfo): boolean =>
  pod.spec?.tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false;

const isOpen = (node: Node): boolean => !node.spec?.unschedulable;

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter(pod) {
    if (toleratesIt(pod)) return undefined;
    return { check: ({ node }) => (node?.spec?.unschedulable ? refusal : undefined) };
  },
  wakes: {
    NodeAdded: (_, { node }) => isOpen(node),
    NodeChanged: (_, { node, previous }) => isOpen(node) && !isOpen(previous),
    OwnChange: (pod, { previous }) => tolerationsChanged(pod, previous) && toleratesIt(pod),
  },
};
