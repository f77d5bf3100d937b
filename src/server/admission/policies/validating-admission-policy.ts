// ValidatingAdmissionPolicy: refuses, warns of or records what the policies in force find wrong with a request.

import { ValidatingAdmissionPolicy } from '../../../kinds/admissionregistration/validating-admission-policy.ts';
import { ValidatingAdmissionPolicyBinding } from '../../../kinds/admissionregistration/validating-admission-policy-binding.ts';
import type { ApiError } from '../../../api/status.ts';
import type { Served } from '../../catalog.ts';
import { type Questions, questionsOf } from '../expressions/questions.ts';
import { type Forms, formsOf, shownIn } from '../matching/forms.ts';
import { matchRequest, namespaceOf } from '../matching/match.ts';
import { homeOf, isNamespace } from '../matching/subject.ts';
import type { PolicyMetrics } from '../../metrics/policy-metrics.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from '../plugin.ts';
import { type Hook, hooksOf } from './hooks.ts';
import { ConfigurationError, paramServed, paramsOf } from './params.ts';
import { isExcluded, refusalOf } from './refusal.ts';
import {
  type Annotation,
  compileValidator,
  type Denial,
  type Findings,
  nothing,
  type Overlooked,
  validate,
  type Validator,
} from './validation.ts';

type PolicyHook = Hook<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validator>;

const hooks = hooksOf({
  policies: ValidatingAdmissionPolicy,
  bindings: ValidatingAdmissionPolicyBinding,
  compile: compileValidator,
});

export const validatingAdmissionPolicy: AdmissionPlugin = {
  name: 'ValidatingAdmissionPolicy',
  handles: (attributes) => !isExcluded(attributes),

  validate(attributes, world) {
    const inForce = hooks(world);
    if ('length' in inForce && inForce.length === 0) return undefined;
    return judge(inForce, attributes, world);
  },
};

async function judge(
  hooksInForce: readonly PolicyHook[] | Promise<readonly PolicyHook[]>,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<void> {
  const questions = questionsOf(attributes.user, world.access);
  const context: Context = { attributes, world, questions, forms: formsOf(attributes) };
  const refusals: ApiError[] = [];
  for (const hook of await hooksInForce) refusals.push(...(await ask(hook, context)));
  // All are found out, for the audit trail and warnings, but only the first is told.
  if (refusals[0]) throw refusals[0];
}

interface Context {
  readonly attributes: Attributes;
  readonly world: AdmissionWorld;
  readonly questions: Questions;
  readonly forms: Forms;
}

async function ask(hook: PolicyHook, context: Context): Promise<readonly ApiError[]> {
  const { policy, bindings, evaluator } = hook;
  const { attributes, world } = context;
  const served = await matchRequest(policy.spec?.matchConstraints ?? {}, attributes, world);
  if (!served) return [];
  const collected = new Map<string, Set<string>>();
  const refusals: ApiError[] = [];
  try {
    paramServed(policy.spec?.paramKind, world);
    for (const binding of bindings) {
      const found = await findingsOf(hook, binding, served, context);
      refusals.push(...found.flatMap((findings) => act({ policy, binding }, findings, context, collected)));
    }
  } catch (failure) {
    if (!(failure instanceof ConfigurationError)) throw failure;
    if (!evaluator.lenient) {
      refusals.push(refusal(attributes, { policy, message: `failed to configure policy: ${failure.message}` }));
    }
  }
  publish(policy, collected, attributes);
  return refusals;
}

/** What the policy finds, for each of the binding's parameters. */
async function findingsOf(
  { policy, evaluator }: PolicyHook,
  binding: ValidatingAdmissionPolicyBinding,
  served: Served,
  { attributes, world, questions, forms }: Context,
): Promise<readonly Findings[]> {
  const { matchResources, paramRef } = binding.spec ?? {};
  if (matchResources && !(await matchRequest(matchResources, attributes, world))) return [];
  const home = homeOf(attributes);
  try {
    const params = await paramsOf(paramServed(policy.spec?.paramKind, world), paramRef, home, world);
    if (params.length === 0) return [];
    const shown = await shownIn(served, forms, unconverted);
    const namespace = home === '' || isNamespace(attributes) ? undefined : await namespaceOf(home, world);
    const found: Findings[] = [];
    for (const each of params) {
      const subject = { attributes, served, shown, namespace, params: each, questions };
      found.push(await validate(evaluator, subject, world.clock));
    }
    return found;
  } catch (failure) {
    if (!(failure instanceof ConfigurationError)) throw failure;
    const message = `failed to configure binding: ${failure.message}`;
    return evaluator.lenient ? [] : [{ ...nothing, misconfigured: message }];
  }
}

const unconverted = (why: string) => new ConfigurationError(`failed to convert object version: ${why}`);

type Policy = ValidatingAdmissionPolicy;
type Binding = ValidatingAdmissionPolicyBinding;

/** A policy as a binding puts it in force. */
interface InForce {
  readonly policy: Policy;
  readonly binding: Binding;
}

/** Does what the binding says with what was found; the refusals are what is left to do. */
function act(
  inForce: InForce,
  { denials, overlooked, annotations, misconfigured }: Findings,
  context: Context,
  collected: Map<string, Set<string>>,
): readonly ApiError[] {
  const { attributes } = context;
  if (misconfigured !== undefined) return [refusal(attributes, { ...inForce, message: misconfigured })];
  for (const each of overlooked) count(inForce, each, 'allow', context);
  const actions = inForce.binding.spec?.validationActions ?? [];
  const refusals = denials.flatMap((denial) => actions.flatMap((action) => enforce(action, inForce, denial, context)));
  return [...refusals, ...annotations.flatMap((each) => collect(each, inForce, context, collected))];
}

function count(
  { policy, binding }: InForce,
  { message, elapsed }: Overlooked,
  action: Parameters<PolicyMetrics['validated']>[1],
  { world }: Context,
): void {
  const names = { policy: policy.metadata.name ?? '', binding: binding.metadata.name ?? '' };
  world.metrics.policies.validated({ ...names, message, elapsed }, action);
}

function enforce(action: string, inForce: InForce, denial: Denial, context: Context): readonly ApiError[] {
  const { policy, binding } = inForce;
  const { attributes } = context;
  const { message, reason } = denial;
  if (action === 'Deny') {
    count(inForce, denial, 'deny', context);
    return [refusal(attributes, { ...inForce, message, ...(reason && { reason }) })];
  }
  if (action === 'Audit') {
    attributes.annotate('validation.policy.admission.k8s.io/validation_failure', failure(binding, denial));
    count(inForce, denial, 'audit', context);
  } else {
    const place = `'${policy.metadata.name}' with binding '${binding.metadata.name}'`;
    attributes.warn(`Validation failed for ValidatingAdmissionPolicy ${place}: ${message}`);
    count(inForce, denial, 'warn', context);
  }
  return [];
}

/** One failure, in a list because there may be more one day. */
const failure = ({ metadata, spec }: Binding, { index, message }: Denial): string =>
  JSON.stringify([
    {
      message,
      policy: spec?.policyName,
      binding: metadata.name,
      expressionIndex: index,
      validationActions: spec?.validationActions,
    },
  ]);

/** Bytes. */
const longestAnnotation = 10 * 1024;

function collect(
  annotation: Annotation,
  inForce: InForce,
  context: Context,
  collected: Map<string, Set<string>>,
): readonly ApiError[] {
  if ('error' in annotation) {
    const { error: message, elapsed } = annotation;
    count(inForce, { message, elapsed }, 'deny', context);
    return [refusal(context.attributes, { ...inForce, message })];
  }
  const values = collected.get(annotation.key) ?? new Set();
  collected.set(annotation.key, values.add(annotation.value.slice(0, longestAnnotation)));
  return [];
}

/** Bindings with different parameters may give one annotation different values. */
function publish(
  { metadata }: Policy,
  collected: ReadonlyMap<string, ReadonlySet<string>>,
  attributes: Attributes,
): void {
  for (const [key, values] of collected) attributes.annotate(`${metadata.name}/${key}`, [...values].join(', '));
}

interface Refused {
  readonly policy: Policy;
  readonly binding?: Binding;
  readonly message: string;
  readonly reason?: string;
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function refusal(attributes: Attributes, { policy, binding, message, reason = 'Invalid' }: Refused): ApiError {
  const place = binding ? ` with binding '${binding.metadata.name}'` : '';
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name}'${place} denied request: ${message}`;
  const refused = refusalOf(attributes, text);
  refused.status.reason = reason;
  refused.status.code = codes[reason] ?? 422;
  refused.status.details = { ...refused.status.details, causes: [{ message: text }] };
  return refused;
}
