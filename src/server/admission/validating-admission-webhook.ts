// ValidatingAdmissionWebhook: asks others, all at once, whether they let the object pass as it will be stored.

import { ValidatingWebhookConfiguration } from '../../kinds/admissionregistration/validating-webhook-configuration.ts';
import { formsOf } from './matching/forms.ts';
import { isExempt } from './matching/subject.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';
import { ask } from './webhooks/call.ts';
import { type Hook, withHooks } from './webhooks/hooks.ts';
import { type Invocation, invocationOf, shownTo } from './webhooks/invocation.ts';

export const validatingAdmissionWebhook: AdmissionPlugin = {
  name: 'ValidatingAdmissionWebhook',
  handles: (attributes) => !isExempt(attributes),
  validate: (attributes, world) =>
    withHooks(world, ValidatingWebhookConfiguration as never, (hooks) => askAll(hooks, attributes, world)),
};

/** Of several refusals the first counts, in the order of the webhooks: a replay must find the same one. */
async function askAll(hooks: readonly Hook[], attributes: Attributes, world: AdmissionWorld): Promise<void> {
  const invocations: Invocation[] = [];
  const forms = formsOf(attributes);
  for (const hook of hooks) {
    const invocation = await invocationOf(hook, attributes, world, forms);
    if (!invocation) continue;
    // What cannot be shown to one of them is put to none.
    await shownTo(invocation);
    invocations.push(invocation);
  }
  const outcomes = await Promise.allSettled(invocations.map((each) => ask(each, attributes, world, () => true)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
