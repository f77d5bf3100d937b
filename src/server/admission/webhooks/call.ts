// One webhook asked about one write: the call, its failures by the webhook's own policy, its refusal.

import { ApiError, badRequest, internalError } from '../../../api/status.ts';
import { callWebhook, UnusableClient } from '../../outgoing/webhook-call.ts';
import type { WebhookOutcome } from '../../metrics/webhook-metrics.ts';
import type { AdmissionWorld, Attributes } from '../plugin.ts';
import type { Hook } from './hooks.ts';
import { type Invocation, shownTo } from './invocation.ts';
import { type Question, reviewOf, reviewVersionOf, type Verdict, verdictOf } from './review.ts';

/** The webhook could not be asked, or gave no usable answer: what then is for its failure policy to say. */
export class CallFailure extends Error {
  /** The status that stands for it where it is counted. */
  readonly code: number;
  constructor(message: string, code = 503) {
    super(message);
    this.code = code;
  }
}

/**
 * Asks the webhook, and does what it says. Failures of a webhook that may fail are logged and overlooked: then it is undefined.
 * @throws ApiError its refusal, or that it failed
 */
export async function ask<T>(
  invocation: Invocation,
  attributes: Attributes,
  world: AdmissionWorld,
  heed: (verdict: Verdict) => T | Promise<T>,
): Promise<T | undefined> {
  const { hook } = invocation;
  const { name, failurePolicy } = hook.webhook;
  const ended = world.metrics.webhooks.begin({ name, mutating: hook.mutating, operation: attributes.operation });
  let outcome: WebhookOutcome = { is: 'refused' };
  try {
    const verdict = await call(invocation, attributes, world);
    for (const warning of verdict.warnings) attributes.warn(warning);
    for (const [key, value] of Object.entries(verdict.auditAnnotations)) attributes.annotate(`${name}/${key}`, value);
    if (!verdict.allowed) {
      const denied = denial(name, verdict);
      outcome = { is: 'denied', code: denied.code };
      throw denied;
    }
    const heeded = await heed(verdict);
    outcome = { is: 'allowed' };
    return heeded;
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    const overlooked = failurePolicy === 'Ignore';
    outcome = { is: 'failed', code: error.code, overlooked };
    const message = `failed calling webhook ${JSON.stringify(name)}: ${error.message}`;
    if (!overlooked) throw internalError(message);
    world.log.warn('a webhook failed and was overlooked', { webhook: name, error: message });
    attributes.annotate(`failed-open.${auditKey(hook, attributes)}`, name);
    return undefined;
  } finally {
    ended(outcome);
  }
}

/** Where the audit trail tells of one asking. */
export function auditKey({ index, mutating }: Hook, { reinvocation }: Attributes): string {
  const round = mutating && reinvocation.again ? 1 : 0;
  return `${mutating ? 'mutation' : 'validating'}.webhook.admission.k8s.io/round_${round}_index_${index}`;
}

const defaultTimeoutSeconds = 10;

async function call(invocation: Invocation, attributes: Attributes, world: AdmissionWorld): Promise<Verdict> {
  const { hook, served } = invocation;
  const { webhook } = hook;
  requireDryRun(webhook.name, webhook.sideEffects, attributes.dryRun);
  const reviewVersion = reviewVersionOf(webhook.admissionReviewVersions);
  if (!reviewVersion)
    throw new CallFailure(
      'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
      400,
    );
  const question: Question = {
    uid: world.random.uuid(),
    reviewVersion,
    served,
    attributes,
    ...(await shownTo(invocation)),
  };
  const answer = await callWebhook(world.remote, {
    client: webhook.clientConfig,
    review: reviewOf(question),
    timeoutSeconds: webhook.timeoutSeconds ?? defaultTimeoutSeconds,
  }).catch((error: Error) => {
    if (error instanceof UnusableClient) throw new CallFailure(`could not get REST client: ${error.message}`, 500);
    throw new CallFailure(`failed to call webhook: ${error.message}`, error instanceof ApiError ? error.code : 503);
  });
  try {
    return verdictOf(answer, question, hook.mutating);
  } catch (error) {
    throw new CallFailure(`received invalid webhook response: ${(error as Error).message}`);
  }
}

function requireDryRun(name: string, sideEffects: string | null | undefined, dryRun: boolean): void {
  if (!dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
}

/** A refusal is always one, whatever code and status the webhook gave. */
function denial(name: string, { status = {} }: Verdict): ApiError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = status.message || status.reason;
  const { code = 0, reason = '', details } = status;
  return new ApiError(
    Math.max(code, 400),
    reason,
    why ? `${denied}: ${why}` : `${denied} without explanation`,
    details,
  );
}
