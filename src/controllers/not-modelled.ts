// Says loudly, in an event on the object, what a cluster accepts but does not act on yet. A line goes when the behaviour comes.

import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { LeaseCandidate } from '../kinds/coordination/lease-candidate.ts';
import { NetworkPolicy } from '../kinds/networking/network-policy.ts';
import { DeviceTaintRule } from '../kinds/resource/device-taint-rule.ts';
import { PodGroup } from '../kinds/scheduling/pod-group.ts';
import { StorageVersionMigration } from '../kinds/storagemigration/storage-version-migration.ts';
import { type Controller, defineController } from '../reconcile/controller.ts';

interface Unmodelled {
  readonly kind: Kind;
  /** What does not happen, or undefined where nothing is missing. */
  missing(object: KubeObject): string | undefined;
}

const always = (kind: Kind<never>, text: string): Unmodelled => ({
  kind: kind as unknown as Kind,
  missing: () => text,
});

const table: readonly Unmodelled[] = [
  always(
    NetworkPolicy as never,
    'No traffic flows between simulated pods, so this policy has nothing to allow or forbid.',
  ),
  always(LeaseCandidate as never, 'Nobody elects among candidates: a lease is held by whoever takes it.'),
  always(PodGroup as never, 'Pods are scheduled one by one: nobody waits until the whole group finds its places.'),
  {
    kind: DeviceTaintRule as unknown as Kind,
    missing: (object) => missingOfTaintRule(object as DeviceTaintRule),
  },
  always(StorageVersionMigration as never, 'Objects are not written again: the status of this migration stays empty.'),
];

const missingOfTaintRule = ({ spec }: DeviceTaintRule): string | undefined =>
  spec.taint?.effect === 'NoExecute' ? 'Pods that have such devices are not evicted: they keep them.' : undefined;

export const notModelled = (): readonly Controller[] =>
  table.map(({ kind, missing }) =>
    defineController({
      name: 'portolan',
      for: kind,
      async reconcile(object, { event }) {
        const message = missing(object);
        if (message && object.metadata.deletionTimestamp === undefined)
          event(object, { type: 'Warning', reason: 'NotModelled', message });
      },
    }),
  );
