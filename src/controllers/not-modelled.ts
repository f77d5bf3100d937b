// Says loudly, in an event on the object, what a cluster accepts but does not act on yet. A line goes when the behaviour comes.

import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { CustomResourceDefinition } from '../kinds/apiextensions/custom-resource-definition.ts';
import { HorizontalPodAutoscaler } from '../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { MutatingAdmissionPolicyBinding } from '../kinds/admissionregistration/mutating-admission-policy-binding.ts';
import { MutatingWebhookConfiguration } from '../kinds/admissionregistration/mutating-webhook-configuration.ts';
import { ValidatingAdmissionPolicyBinding } from '../kinds/admissionregistration/validating-admission-policy-binding.ts';
import { ValidatingWebhookConfiguration } from '../kinds/admissionregistration/validating-webhook-configuration.ts';
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

const webhooks = 'Admission webhooks are not called: requests pass as if this configuration were not there.';
const policies = 'Admission policies are not evaluated: requests pass as if this binding were not there.';

const table: readonly Unmodelled[] = [
  always(ValidatingWebhookConfiguration as never, webhooks),
  always(MutatingWebhookConfiguration as never, webhooks),
  always(ValidatingAdmissionPolicyBinding as never, policies),
  always(MutatingAdmissionPolicyBinding as never, policies),
  always(HorizontalPodAutoscaler as never, 'There are no metrics, and nothing is scaled by them.'),
  always(
    NetworkPolicy as never,
    'No traffic flows between simulated pods, so this policy has nothing to allow or forbid.',
  ),
  {
    kind: CustomResourceDefinition as unknown as Kind,
    missing: (object) => missingOfDefinition(object as CustomResourceDefinition),
  },
];

const missingOfDefinition = ({ spec }: CustomResourceDefinition): string | undefined =>
  spec.conversion?.strategy === 'Webhook'
    ? 'Conversion webhooks are not called: versions differ in their apiVersion only.'
    : undefined;

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
