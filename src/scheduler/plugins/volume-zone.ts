// Refuses nodes outside the zone or region that a bound volume's labels name.

import { deepEqual } from '../../base/equal.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import type { NodeInfo } from '../node-info.ts';
import { mounts } from '../pod-info.ts';
import { impossible, type Plugin } from '../plugin.ts';

const refusal = impossible('node(s) had no available volume zone');

/** The labels that count, each with what it may also be called on nodes. */
const topologyLabels: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};

interface Demand {
  readonly key: string;
  readonly values: readonly string[];
}

export const volumeZone: Plugin = {
  name: 'VolumeZone',
  filter(pod, { view }) {
    const demands: Demand[] = [];
    for (const name of pod.claims) {
      const volumeName = view.claim(pod.namespace, name)?.spec?.volumeName;
      if (!volumeName) continue;
      const volume = view.volume(volumeName);
      if (!volume) return impossible(`persistentvolume "${volumeName}" not found`);
      demands.push(...demandsOf(volume));
    }
    if (demands.length === 0) return undefined;
    return { check: (node) => (demands.every((demand) => meets(node, demand)) ? undefined : refusal) };
  },
  wakes: {
    NodeAdded: true,
    NodeChanged: (_, { node, previous }) => !deepEqual(node.metadata.labels, previous.metadata.labels),
    ClaimAdded: (pod, { object }) => mounts(pod, object),
    ClaimChanged: (pod, { object }) => mounts(pod, object),
    VolumeAdded: true,
    VolumeChanged: (_, { object, previous }) => !deepEqual(demandsOf(object), demandsOf(previous)),
    StorageClassAdded: (_, { object }) => object.volumeBindingMode === 'WaitForFirstConsumer',
  },
};

/** A label may name several zones, joined by two underscores. */
const demandsOf = ({ metadata }: PersistentVolume): Demand[] =>
  Object.entries(metadata.labels ?? {})
    .filter(([key]) => Object.hasOwn(topologyLabels, key))
    .map(([key, value]) => ({ key, values: value.split('__') }));

/** Nodes without any such label are not refused: they belong to no cloud. */
function meets({ labels }: NodeInfo, { key, values }: Demand): boolean {
  if (!Object.keys(topologyLabels).some((each) => labels[each] !== undefined)) return true;
  return values.includes(labels[key] ?? labels[topologyLabels[key] ?? ''] ?? '');
}
