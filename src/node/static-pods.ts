// Pods a node runs by itself, and the mirrors through which the API server sees them.

import type { Random } from '../base/random.ts';
import { formatTime } from '../base/time.ts';
import type { Instant } from '../base/clock.ts';
import type { Node, Pod } from '../kinds/generated/types/core-v1.ts';
import { mirrorAnnotation } from '../kinds/pod-spec/annotations.ts';
import { hex } from './simulated-images.ts';

/** As a manifest file has it: without the node, and without a status. */
export type StaticPod = Pick<Pod, 'metadata' | 'spec'>;

export const mirrorKey = ({ metadata: { namespace = 'default', name } }: StaticPod, node: string): string =>
  `${namespace}/${name}-${node.toLowerCase()}`;

export const hashOf = (pod: Pod): string | undefined => pod.metadata.annotations?.[mirrorAnnotation];

/** The same for the same manifest on the same node. `random`: the node's own. */
export const manifestHash = (manifest: StaticPod, random: Random): string =>
  hex(random.fork(`static/${JSON.stringify(manifest)}`), 32);

export function mirrorOf(
  { metadata, spec }: StaticPod,
  { node, hash, now }: { readonly node: Node; readonly hash: string; readonly now: Instant },
): Pod {
  const { name = '', uid = '' } = node.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${metadata.name}-${name.toLowerCase()}`,
      namespace: metadata.namespace ?? 'default',
      annotations: {
        ...metadata.annotations,
        'kubernetes.io/config.hash': hash,
        [mirrorAnnotation]: hash,
        'kubernetes.io/config.seen': formatTime(now),
        'kubernetes.io/config.source': 'file',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid, controller: true }],
    },
    spec: {
      ...spec,
      nodeName: name,
      // Trouble with the node does not evict what belongs to it.
      tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
  };
}
