// TaintNodesByCondition: a new node takes no pods until it has said that it is ready.

import type { Node } from '../../kinds/core/node.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const notReady = 'node.kubernetes.io/not-ready';

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.plural === 'nodes' && kind.group === '' && subresource === '',

  mutate({ object }) {
    const node = object as Draft & Node;
    const spec = (node.spec ??= {} as Node['spec']);
    const present = spec.taints?.some(({ key, effect }) => key === notReady && effect === 'NoSchedule');
    if (!present) spec.taints = [...(spec.taints ?? []), { key: notReady, effect: 'NoSchedule' }];
  },
};
