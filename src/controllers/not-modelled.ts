// Says loudly, in an event on the object, what a cluster accepts but does not act on yet. A line goes when the behaviour comes.

import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { HorizontalPodAutoscaler } from '../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { NetworkPolicy } from '../kinds/networking/network-policy.ts';
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
  always(HorizontalPodAutoscaler as never, 'There are no metrics, and nothing is scaled by them.'),
  always(
    NetworkPolicy as never,
    'No traffic flows between simulated pods, so this policy has nothing to allow or forbid.',
  ),
];

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
