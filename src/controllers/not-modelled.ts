// Says loudly, in an event on the object, what a cluster accepts but does not act on yet. A line goes when the behaviour comes.

import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { HorizontalPodAutoscaler } from '../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { MutatingAdmissionPolicyBinding } from '../kinds/admissionregistration/mutating-admission-policy-binding.ts';
import { ValidatingAdmissionPolicyBinding } from '../kinds/admissionregistration/validating-admission-policy-binding.ts';
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

const policies = 'Admission policies are not evaluated: requests pass as if this binding were not there.';

const table: readonly Unmodelled[] = [
  always(ValidatingAdmissionPolicyBinding as never, policies),
  always(MutatingAdmissionPolicyBinding as never, policies),
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
