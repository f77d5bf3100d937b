// Whether a webhook is to be asked about a write, and in which version of the resource it is to see it.

import { forbidden, internalError } from '../../../api/status.ts';
import type { Served } from '../../catalog.ts';
import { checkConditions, conditionsOf } from '../expressions/match-conditions.ts';
import { questionsOf } from '../expressions/questions.ts';
import { type Forms, type Shown, shownIn } from '../matching/forms.ts';
import { matchRequest } from '../matching/match.ts';
import type { AdmissionWorld, Attributes } from '../plugin.ts';
import type { Hook } from './hooks.ts';

/** A webhook that is to be asked. */
export interface Invocation {
  readonly hook: Hook;
  readonly served: Served;
  readonly forms: Forms;
}

/** What the webhook sees. @throws ApiError where whoever converts the objects fails: that is not the webhook's failure, and not overlooked */
export const shownTo = ({ hook, served, forms }: Invocation): Promise<Shown> =>
  shownIn(served, forms, (why) => {
    const failure = internalError(why);
    // Upstream wraps it once more on the way out of those that change objects.
    return hook.mutating ? internalError(failure.message) : failure;
  });

/** Undefined: it has nothing to do with the write. @throws ApiError where that cannot be decided, and the webhook must not be left out */
export async function invocationOf(
  hook: Hook,
  attributes: Attributes,
  world: AdmissionWorld,
  forms: Forms,
): Promise<Invocation | undefined> {
  const { rules, matchPolicy, namespaceSelector, objectSelector } = hook.webhook;
  if (!rules || rules.length === 0) return undefined;
  const match = { matchPolicy, namespaceSelector, objectSelector, resourceRules: rules };
  const served = await matchRequest(match as Parameters<typeof matchRequest>[0], attributes, world);
  const invocation = served && { hook, served, forms };
  return invocation && (await meetsConditions(invocation, attributes, world)) ? invocation : undefined;
}

async function meetsConditions(
  invocation: Invocation,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<boolean> {
  const { hook, served } = invocation;
  const { webhook } = hook;
  if (!webhook.matchConditions || webhook.matchConditions.length === 0) return true;
  const questions = questionsOf(attributes.user, world.access);
  const subject = { attributes, served, shown: await shownTo(invocation), questions };
  const result = await checkConditions(conditionsOf(webhook.matchConditions), subject);
  if (typeof result === 'string') return result === 'match';
  if (webhook.failurePolicy === 'Ignore') return false;
  const { kind, name } = attributes;
  throw forbidden({ group: kind.group, resource: kind.plural }, name, result.failed);
}
