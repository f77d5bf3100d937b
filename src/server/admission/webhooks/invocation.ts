// Whether a webhook is to be asked about a write, and in which version of the resource it is to see it.

import { forbidden } from '../../../api/status.ts';
import type { Served } from '../../catalog.ts';
import { checkConditions, conditionsOf } from '../expressions/match-conditions.ts';
import { questionsOf } from '../expressions/questions.ts';
import { matchRequest } from '../matching/match.ts';
import type { AdmissionWorld, Attributes } from '../plugin.ts';
import type { Hook } from './hooks.ts';

/** A webhook that is to be asked. */
export interface Invocation {
  readonly hook: Hook;
  readonly served: Served;
}

/** Undefined: it has nothing to do with the write. @throws ApiError where that cannot be decided, and the webhook must not be left out */
export async function invocationOf(
  hook: Hook,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<Invocation | undefined> {
  const { rules, matchPolicy, namespaceSelector, objectSelector } = hook.webhook;
  if (!rules || rules.length === 0) return undefined;
  const match = { matchPolicy, namespaceSelector, objectSelector, resourceRules: rules };
  const served = await matchRequest(match as Parameters<typeof matchRequest>[0], attributes, world);
  return served && (await meetsConditions(hook, served, attributes, world)) ? { hook, served } : undefined;
}

async function meetsConditions(
  { webhook }: Hook,
  served: Served,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<boolean> {
  if (!webhook.matchConditions || webhook.matchConditions.length === 0) return true;
  const questions = questionsOf(attributes.user, world.access);
  const result = await checkConditions(conditionsOf(webhook.matchConditions), { attributes, served, questions });
  if (typeof result === 'string') return result === 'match';
  if (webhook.failurePolicy === 'Ignore') return false;
  const { kind, name } = attributes;
  throw forbidden({ group: kind.group, resource: kind.plural }, name, result.failed);
}
