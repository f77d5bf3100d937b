// Refuses nodes outside the zone or region that a bound volume's labels name.

import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import type { NodeInfo } from '../node-info.ts';
import { impossible, type Plugin } from '../plugin.ts';

const refusal = impossible('node(s) had no available volume zone');

/** The labels that count, each with what it is called on nodes today or was before. */
const topologyLabels: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'failure-domain.beta.kubernetes.io/region',
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
    const demands = pod.claims.flatMap((name) => {
      const volume = view.volume(view.claim(pod.namespace, name)?.spec?.volumeName ?? '');
      return volume ? demandsOf(volume) : [];
    });
    if (demands.length === 0) return undefined;
    return { check: (node) => (demands.every((demand) => meets(node, demand)) ? undefined : refusal) };
  },
  wakes: {
    NodeAdded: true,
    NodeChanged: true,
    ClaimAdded: (pod, event) => event.name === 'ClaimAdded' && pod.claims.includes(event.object.name),
    ClaimChanged: (pod, event) => event.name === 'ClaimChanged' && pod.claims.includes(event.object.name),
    VolumeAdded: true,
    VolumeChanged: true,
    StorageClassAdded: true,
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
