// PodTopologyLabels: a pod bound to a node says which zone and region that node is in.

import { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Binding } from '../../kinds/core/binding.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.group === '' && kind.plural === 'pods' && ['', 'binding'].includes(subresource),

  async mutate({ object, subresource }, world) {
    const node = subresource === 'binding' ? targetOf(object) : (object as Draft & Pod).spec?.nodeName;
    if (!node || !object) return;
    const labels = (await world.mirror(Node)).get(node)?.metadata.labels ?? {};
    for (const key of copied) {
      const value = labels[key];
      if (value !== undefined) object.metadata.labels = { ...object.metadata.labels, [key]: value };
    }
  },
};

function targetOf(object: Draft | undefined): string | undefined {
  const { target } = object as unknown as Binding;
  return !target?.kind || target.kind === 'Node' ? target?.name : undefined;
}
