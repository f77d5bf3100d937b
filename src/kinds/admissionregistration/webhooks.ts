// What validating and mutating webhooks have in common: their defaults, and what is wrong with them.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
import { reviewVersionIssues, reviewVersions } from '../apiextensions/definition-issues.ts';
import { complain, labelSelectorIssues } from '../checks.ts';
import type {
  MatchCondition,
  MutatingWebhook,
  ValidatingWebhook,
} from '../generated/types/admissionregistration-v1.ts';
import { webhookClientIssues } from '../webhook-client.ts';
import { admissionEnvironment, compileExpression, conditionTypes } from './expressions.ts';
import { compileIssues } from './expression-issues.ts';
import { ruleIssues } from './rules.ts';

export type Webhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, 'reinvocationPolicy'>>;

export function applyWebhookDefaults(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

/** `previous`: what an update replaces. Where no conditions change, none are looked at. */
export function webhooksIssues(webhooks: readonly Webhook[], previous?: readonly Webhook[]): Issue[] {
  const conditionsOf = (each: readonly Webhook[]) => each.map(({ matchConditions }) => matchConditions);
  const checks = !previous || !deepEqual(conditionsOf(webhooks), conditionsOf(previous));
  return webhooks.flatMap((webhook, i) => {
    const field = `webhooks[${i}]`;
    const issues = webhookIssues(webhook, field);
    if (checks) issues.push(...conditionIssues(webhook.matchConditions ?? [], `${field}.matchConditions`));
    issues.push(...versionIssues(webhook.admissionReviewVersions ?? [], `${field}.admissionReviewVersions`));
    const again = webhook.name && webhooks.findIndex(({ name }) => name === webhook.name) < i;
    return again ? [...issues, duplicate(`${field}.name`, webhook.name)] : issues;
  });
}

const versionIssues = (versions: readonly string[], field: string): Issue[] =>
  versions.length > 0
    ? reviewVersionIssues(versions, field)
    : [required(field, `must specify one of ${reviewVersions.join(', ')}`)];

const longestTimeout = 30;
const mostConditions = 64;

function webhookIssues(webhook: Webhook, field: string): Issue[] {
  const { timeoutSeconds: timeout, failurePolicy, matchPolicy, sideEffects, reinvocationPolicy } = webhook;
  const issues = nameIssues(webhook.name ?? '', `${field}.name`);
  const choice = (name: string, value: string | null | undefined, choices: readonly string[]) => {
    if (value !== undefined && value !== null && !choices.includes(value))
      issues.push(notSupported(`${field}.${name}`, value, choices));
  };
  (webhook.rules ?? []).forEach((rule, i) => issues.push(...ruleIssues(rule, `${field}.rules[${i}]`)));
  choice('failurePolicy', failurePolicy, ['Fail', 'Ignore']);
  choice('matchPolicy', matchPolicy, ['Equivalent', 'Exact']);
  // A field that is always written is null where nothing is given.
  if (sideEffects === undefined || sideEffects === null)
    issues.push(required(`${field}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  choice('sideEffects', sideEffects, ['None', 'NoneOnDryRun']);
  if (timeout !== undefined && (timeout > longestTimeout || timeout < 1)) {
    issues.push(
      invalid(`${field}.timeoutSeconds`, timeout, `the timeout value must be between 1 and ${longestTimeout} seconds`),
    );
  }
  issues.push(...labelSelectorIssues(webhook.namespaceSelector, `${field}.namespaceSelector`));
  issues.push(...labelSelectorIssues(webhook.objectSelector, `${field}.objectSelector`));
  choice('reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never']);
  issues.push(...webhookClientIssues(webhook.clientConfig ?? {}, `${field}.clientConfig`));
  return issues;
}

function nameIssues(name: string, field: string): Issue[] {
  if (!name) return [required(field)];
  const issues = complain(field, name, isDns1123Subdomain);
  if (issues.length > 0 || name.split('.').length >= 3) return issues;
  return [invalid(field, name, 'should be a domain with at least three segments separated by dots')];
}

/** Conditions of webhooks and policies; those of policies with a kind of parameters may use `params`. */
export function conditionIssues(conditions: readonly MatchCondition[], field: string, params = false): Issue[] {
  const env = admissionEnvironment({ params, authorizer: true });
  const issues: Issue[] =
    conditions.length > mostConditions
      ? [
          {
            type: 'tooMany',
            field,
            message: `Too many: ${conditions.length}: must have at most ${mostConditions} items`,
          },
        ]
      : [];
  conditions.forEach(({ name, expression }, i) => {
    const place = `${field}[${i}]`;
    const text = expression?.trim() ?? '';
    if (text === '') issues.push(required(`${place}.expression`));
    else issues.push(...compileIssues(`${place}.expression`, compileExpression(text, env, conditionTypes)));
    if (!name) issues.push(required(`${place}.name`));
    else {
      issues.push(...complain(`${place}.name`, name, isQualifiedName));
      if (conditions.findIndex((other) => other.name === name) < i) issues.push(duplicate(`${place}.name`, name));
    }
  });
  return issues;
}
