// MutatingAdmissionPolicy: changes objects on their way as the policies in force say.

import { deepEqual } from '../../../base/equal.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type ApiError, internalError } from '../../../api/status.ts';
import { MutatingAdmissionPolicy } from '../../../kinds/admissionregistration/mutating-admission-policy.ts';
import { MutatingAdmissionPolicyBinding } from '../../../kinds/admissionregistration/mutating-admission-policy-binding.ts';
import type { Namespace } from '../../../kinds/core/namespace.ts';
import type { Served } from '../../catalog.ts';
import { copyOf, type Draft } from '../../draft.ts';
import { checkConditions } from '../expressions/match-conditions.ts';
import { type Questions, questionsOf } from '../expressions/questions.ts';
import { type Forms, formsOf, shownIn } from '../matching/forms.ts';
import { matchRequest, namespaceOf } from '../matching/match.ts';
import { homeOf, isNamespace } from '../matching/subject.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes, Reinvocation } from '../plugin.ts';
import { type Hook, hooksOf } from './hooks.ts';
import { compileMutator, type Mutator, mutated } from './mutation.ts';
import { ConfigurationError, paramServed, paramsOf } from './params.ts';
import { MutationError } from './patch-values.ts';
import { isExcluded, refusalOf } from './refusal.ts';

type Policy = MutatingAdmissionPolicy;
type Binding = MutatingAdmissionPolicyBinding;
type PolicyHook = Hook<Policy, Binding, Mutator>;

const hooks = hooksOf({
  policies: MutatingAdmissionPolicy,
  bindings: MutatingAdmissionPolicyBinding,
  compile: compileMutator,
});

export const mutatingAdmissionPolicy: AdmissionPlugin = {
  name: 'MutatingAdmissionPolicy',
  handles: (attributes) => !isExcluded(attributes),

  mutate(attributes, world) {
    const inForce = hooks(world);
    if ('length' in inForce && inForce.length === 0) return undefined;
    return change(inForce, attributes, world);
  },
};

async function change(
  hooksInForce: readonly PolicyHook[] | Promise<readonly PolicyHook[]>,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<void> {
  const inForce = await hooksInForce;
  if (inForce.length === 0) return;
  const round = roundOf(attributes);
  const forms = formsOf(attributes);
  const { invocations, faults } = await invocationsOf(inForce, attributes, world, forms);
  const home = homeOf(attributes);
  const namespace =
    invocations.length === 0 || home === '' || isNamespace(attributes) ? undefined : await namespaceOf(home, world);
  const questions = questionsOf(attributes.user, world.access);
  const context: Context = { attributes, world, namespace, questions, round, forms };
  for (const invocation of invocations) faults.push(...(await invoke(invocation, context)));
  round.output = copyOf(attributes.object);
  refuse(faults, attributes);
}

/** What is remembered between the two rounds of a request. */
interface Round {
  /** The invocations that may be asked again, by policy, binding and parameter. */
  readonly returning: Set<string>;
  /** Those that are, in the second round. */
  readonly again: ReadonlySet<string> | undefined;
  /** Whether any mutation was made. */
  changed: boolean;
  /** The object as the policies left it. */
  output: Draft | undefined;
}

const rounds = new WeakMap<Reinvocation, Round>();

/** In the second round those are asked again that wish it, if the object has changed since they were. */
function roundOf({ reinvocation, object }: Attributes): Round {
  const before = rounds.get(reinvocation);
  const moved = before && (before.changed || !deepEqual(before.output, object));
  const again = reinvocation.again ? new Set(moved ? before.returning : []) : undefined;
  const round: Round = { returning: new Set(), again, changed: false, output: undefined };
  rounds.set(reinvocation, round);
  return round;
}

/** A policy, in force by a binding, for one set of parameters. */
interface Invocation {
  readonly policy: Policy;
  readonly binding: Binding;
  readonly mutator: Mutator;
  readonly served: Served;
  readonly params: KubeObject | undefined;
}

/** Why a policy could not do what it is there for. */
interface Fault {
  readonly policy: Policy;
  readonly binding?: Binding;
  readonly message: string;
  readonly reason: 'Forbidden' | 'Invalid';
}

/** All that looks at the request, found before anything is changed. */
async function invocationsOf(
  inForce: readonly PolicyHook[],
  attributes: Attributes,
  world: AdmissionWorld,
  forms: Forms,
): Promise<{ invocations: readonly Invocation[]; faults: Fault[] }> {
  const invocations: Invocation[] = [];
  const faults: Fault[] = [];
  for (const hook of inForce) {
    const { policy, bindings } = hook;
    const served = await matchRequest(policy.spec?.matchConstraints ?? {}, attributes, world);
    if (!served) continue;
    const kindFault = await faultOf(hook, undefined, () => void paramServed(policy.spec?.paramKind, world));
    faults.push(...kindFault);
    for (const binding of kindFault.length > 0 ? [] : bindings) {
      const { matchResources } = binding.spec ?? {};
      if (matchResources && !(await matchRequest(matchResources, attributes, world))) continue;
      // What cannot be shown to the policy is the policy's fault, not the binding's.
      const formFaults = await faultOf(hook, undefined, async () => void (await shownIn(served, forms, unconverted)));
      faults.push(...formFaults);
      if (formFaults.length > 0) continue;
      const paramFaults = await faultOf(hook, binding, async () => {
        const of = paramServed(policy.spec?.paramKind, world);
        for (const params of await paramsOf(of, binding.spec?.paramRef, homeOf(attributes), world)) {
          invocations.push({ policy, binding, mutator: hook.evaluator, served, params: bare(params, of) });
        }
      });
      faults.push(...paramFaults);
    }
  }
  return { invocations, faults };
}

/** Parameters of built-in kinds come without saying what they are, here only. */
function bare(params: KubeObject | undefined, served: Served | undefined): KubeObject | undefined {
  if (!params || served?.kind.custom) return params;
  const { apiVersion: _, kind: __, ...rest } = params;
  return rest;
}

const unconverted = (why: string) => new ConfigurationError(why);

async function faultOf(
  { policy }: PolicyHook,
  binding: Binding | undefined,
  act: () => void | Promise<void>,
): Promise<readonly Fault[]> {
  try {
    await act();
    return [];
  } catch (failure) {
    if (!(failure instanceof ConfigurationError)) throw failure;
    const message = `failed to configure ${binding ? 'binding' : 'policy'}: ${failure.message}`;
    return [{ policy, ...(binding && { binding }), message, reason: 'Forbidden' }];
  }
}

interface Context {
  readonly attributes: Attributes;
  readonly world: AdmissionWorld;
  readonly namespace: Namespace | undefined;
  readonly questions: Questions;
  readonly round: Round;
  readonly forms: Forms;
}

/** Makes the mutations of a policy, each on what the one before it left. */
async function invoke(invocation: Invocation, context: Context): Promise<readonly Fault[]> {
  const { policy, binding, mutator, served, params } = invocation;
  const { attributes, world, namespace, questions, round, forms } = context;
  const subject = async () => ({
    ...{ attributes, served, namespace, params, questions },
    shown: await shownIn(served, forms, internalError),
  });
  const fault = (message: string): Fault => ({ policy, binding, message, reason: 'Invalid' });
  const conditions = await checkConditions(mutator.conditions, await subject());
  if (conditions === 'no-match') return [];
  if (typeof conditions === 'object') return [fault(conditions.failed)];
  const key = keyOf(invocation);
  if (round.again && !round.again.has(key)) return [];
  const faults: Fault[] = [];
  for (const mutation of attributes.object ? mutator.mutations : []) {
    try {
      const made = await counted(invocation, world, async () => mutated(mutation, mutator, await subject()));
      forms.take(served, made);
      round.changed = true;
      attributes.reinvocation.wanted = true;
    } catch (failure) {
      if (!(failure instanceof MutationError)) throw failure;
      faults.push(fault(failure.message));
    }
  }
  if (mutator.returns) round.returning.add(key);
  return faults;
}

async function counted<T>({ policy, binding }: Invocation, world: AdmissionWorld, act: () => Promise<T>): Promise<T> {
  const startedAt = world.clock.elapsed();
  const count = (message: string | undefined) =>
    world.metrics.policies.mutated({
      policy: policy.metadata.name ?? '',
      binding: binding.metadata.name ?? '',
      message,
      elapsed: world.clock.elapsed() - startedAt,
    });
  try {
    const done = await act();
    count(undefined);
    return done;
  } catch (failure) {
    count((failure as Error).message);
    throw failure;
  }
}

const keyOf = ({ policy, binding, params }: Invocation): string =>
  [policy, binding, params].map((each) => `${each?.metadata.namespace ?? ''}/${each?.metadata.name ?? ''}`).join(' ');

/** What is at fault is told, the first as the refusal's reason, unless the policy lets it pass. */
function refuse(faults: readonly Fault[], attributes: Attributes): void {
  const told = faults.filter(({ policy }) => policy.spec?.failurePolicy !== 'Ignore');
  const [first] = told;
  if (!first) return;
  const refusal: ApiError = refusalOf(attributes, '');
  refusal.status.message = textOf(first);
  refusal.status.reason = first.reason;
  refusal.status.details = { ...refusal.status.details, causes: told.map((each) => ({ message: textOf(each) })) };
  throw refusal;
}

function textOf({ policy, binding, message }: Fault): string {
  const { name } = policy.metadata;
  if (!binding) return `policy ${JSON.stringify(name)} denied request: ${message}`;
  return `policy '${name}' with binding '${binding.metadata.name}' denied request: ${message}`;
}
