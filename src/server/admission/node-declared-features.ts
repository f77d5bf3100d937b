// NodeDeclaredFeatureValidator: a pod on a node is not changed in ways that node has not said it can follow.

import { deepEqual } from '../../base/equal.ts';
import { forbidden } from '../../api/status.ts';
import { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const nodeDeclaredFeatures: AdmissionPlugin = {
  name: 'NodeDeclaredFeatureValidator',
  handles: ({ operation, kind, subresource }) =>
    operation === 'UPDATE' &&
    kind.group === '' &&
    kind.plural === 'pods' &&
    (subresource === '' || subresource === 'resize'),

  async validate({ object, old, name }, world) {
    const [next, previous] = [object as Draft & Pod, old as Pod];
    const { nodeName } = next.spec;
    if (!nodeName || next.metadata.generation === previous.metadata.generation) return;
    if (!world.enabled('NodeDeclaredFeatures')) return;
    const needed = neededFeatures(next, previous);
    if (needed.length === 0) return;
    const refused = (why: string) => forbidden({ group: '', resource: 'pods' }, name, why);
    const node = (await world.mirror(Node)).get(nodeName);
    if (!node) throw refused(`node ${JSON.stringify(nodeName)} not found`);
    const lacking = needed.filter((feature) => !node.status?.declaredFeatures?.includes(feature));
    if (lacking.length === 0) return;
    const list = lacking.join(', ');
    throw refused(`pod update requires features ${list} which are not available on node ${JSON.stringify(nodeName)}`);
  },
};

/** What a kubelet must know to follow such a change. */
function neededFeatures({ spec }: Pod, { spec: before }: Pod): string[] {
  const resizesWhole = !deepEqual(spec.resources ?? null, before.resources ?? null);
  const resizesInit = (before.initContainers ?? []).some(
    ({ restartPolicy, resources }, i) =>
      restartPolicy !== 'Always' && !deepEqual(resources ?? {}, spec.initContainers?.[i]?.resources ?? {}),
  );
  return [
    ...(resizesWhole ? ['InPlacePodLevelResourcesVerticalScaling'] : []),
    ...(resizesInit ? ['InPlacePodVerticalScalingInitContainers'] : []),
  ];
}
