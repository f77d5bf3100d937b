// ValidatingAdmissionWebhook: asks others, all at once, whether they let the object pass as it will be stored.

import { ValidatingWebhookConfiguration } from '../../kinds/admissionregistration/validating-webhook-configuration.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';
import { ask } from './webhooks/call.ts';
import { isExempt } from './webhooks/exempt.ts';
import { type Hook, hooksOf } from './webhooks/hooks.ts';
import { type Invocation, invocationOf } from './webhooks/match.ts';

export const validatingAdmissionWebhook: AdmissionPlugin = {
  name: 'ValidatingAdmissionWebhook',
  handles: (attributes) => !isExempt(attributes),
  validate(attributes, world) {
    const hooks = hooksOf(world, ValidatingWebhookConfiguration as never);
    if (Array.isArray(hooks)) return hooks.length === 0 ? undefined : askAll(hooks, attributes, world);
    return (hooks as Promise<readonly Hook[]>).then((opened) => askAll(opened, attributes, world));
  },
};

/** Of several refusals the first counts, in the order of the webhooks: a replay must find the same one. */
async function askAll(hooks: readonly Hook[], attributes: Attributes, world: AdmissionWorld): Promise<void> {
  const invocations: Invocation[] = [];
  for (const hook of hooks) {
    const invocation = await invocationOf(hook, attributes, world);
    if (invocation) invocations.push(invocation);
  }
  const outcomes = await Promise.allSettled(invocations.map((each) => ask(each, attributes, world, false)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
