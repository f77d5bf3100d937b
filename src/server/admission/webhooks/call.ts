// One webhook asked about one write: the call, its failures by the webhook's own policy, its refusal.

import { ApiError, badRequest, internalError } from '../../../api/status.ts';
import { callWebhook, UnusableClient } from '../../outgoing/webhook-call.ts';
import type { AdmissionWorld, Attributes } from '../plugin.ts';
import type { Hook } from './hooks.ts';
import { type Invocation, shownTo } from './invocation.ts';
import { type Question, reviewOf, reviewVersionOf, type Verdict, verdictOf } from './review.ts';

/** The webhook could not be asked, or gave no usable answer: what then is for its failure policy to say. */
export class CallFailure extends Error {}

/** What the webhook says. Undefined: it failed, and that is to be overlooked. @throws ApiError its refusal, or that it failed */
export async function ask(
  invocation: Invocation,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<Verdict | undefined> {
  return overlooking(invocation, attributes, world, async () => {
    const verdict = await call(invocation, attributes, world);
    const { name } = invocation.hook.webhook;
    for (const warning of verdict.warnings) attributes.warn(warning);
    for (const [key, value] of Object.entries(verdict.auditAnnotations)) attributes.annotate(`${name}/${key}`, value);
    if (!verdict.allowed) throw denial(name, verdict);
    return verdict;
  });
}

/** Failures of a webhook that may fail are logged and overlooked; others are the request's. */
export async function overlooking<T>(
  { hook }: Invocation,
  attributes: Attributes,
  world: AdmissionWorld,
  act: () => Promise<T>,
): Promise<T | undefined> {
  const { name, failurePolicy } = hook.webhook;
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    const message = `failed calling webhook ${JSON.stringify(name)}: ${error.message}`;
    if (failurePolicy !== 'Ignore') throw internalError(message);
    world.log.warn('a webhook failed and was overlooked', { webhook: name, error: message });
    attributes.annotate(`failed-open.${auditKey(hook, attributes)}`, name);
    return undefined;
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
    const doing = error instanceof UnusableClient ? 'could not get REST client' : 'failed to call webhook';
    throw new CallFailure(`${doing}: ${error.message}`);
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
