// One mutation of a MutatingAdmissionPolicy: what its expression gives, applied to the object as a configuration or as a JSON patch.

import { decode, DecodeError } from '../../../api/decode.ts';
import { applyJsonPatch, PatchRefusal } from '../../../api/json-patch.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ObjectSchema } from '../../../api/schema.ts';
import { internalError } from '../../../api/status.ts';
import {
  admissionEnvironment,
  applyConfigurationType,
  compileExpression,
  compileVariables,
  type Expression,
  jsonPatchesType,
  typesOf,
} from '../../../kinds/admissionregistration/expressions.ts';
import type { MutatingAdmissionPolicy } from '../../../kinds/admissionregistration/mutating-admission-policy.ts';
import { subresourceSchema } from '../../../kinds/define.ts';
import { ListValue, ObjectLiteral, type Value } from '../../../languages/cel/values.ts';
import { complain, readValue } from '../../body.ts';
import { type Served, subresourceOf } from '../../catalog.ts';
import type { Draft } from '../../draft.ts';
import { activationOf, type Subject } from '../expressions/activation.ts';
import { compileConditions, type Conditions } from '../expressions/match-conditions.ts';
import { OutOfBudget, policyBudget, runWith } from '../expressions/run.ts';
import { type Made, madeOf } from '../matching/forms.ts';
import type { Attributes } from '../plugin.ts';
import { withConfiguration } from './apply-configuration.ts';
import { jsonOfValue, MutationError, requireNamedByPath } from './patch-values.ts';

interface Mutation {
  readonly patchType: string;
  readonly expression: Expression;
}

/** A policy ready to be evaluated. */
export interface Mutator {
  readonly conditions: Conditions;
  readonly variables: ReadonlyMap<string, Expression>;
  readonly mutations: readonly Mutation[];
  /** Whether what cannot be done is left undone. */
  readonly lenient: boolean;
  /** Whether it wants to see what others make of the object after it. */
  readonly returns: boolean;
}

export function compileMutator({ spec = {} }: MutatingAdmissionPolicy): Mutator {
  const params = spec.paramKind !== undefined;
  const variables = compileVariables(spec.variables ?? [], { params, authorizer: true });
  const env = admissionEnvironment({ params, authorizer: true, patches: true, variables: typesOf(variables) });
  return {
    variables,
    conditions: compileConditions(spec.matchConditions, params),
    mutations: (spec.mutations ?? []).map(({ patchType = '', jsonPatch, applyConfiguration }) => ({
      patchType,
      expression:
        patchType === 'JSONPatch'
          ? compileExpression(jsonPatch?.expression ?? '', env, [jsonPatchesType])
          : compileExpression(applyConfiguration?.expression ?? '', env, [applyConfigurationType]),
    })),
    lenient: spec.failurePolicy === 'Ignore',
    returns: spec.reinvocationPolicy === 'IfNeeded',
  };
}

/**
 * What a mutation makes of the object.
 * @throws MutationError when the policy's expression, or what it gives, is at fault; ApiError when nothing readable comes of it
 */
export async function mutated(mutation: Mutation, { variables }: Mutator, subject: Subject): Promise<Made> {
  const { attributes, served, shown, questions } = subject;
  const attempt = () => evaluated(mutation.expression, variables, subject);
  const value = questions ? await questions.run(attempt) : attempt();
  const form = formOf(served, attributes);
  const object = shown.object as KubeObject;
  const made = mutation.patchType === 'JSONPatch' ? patched(object, value, form) : configured(object, value, form);
  if (!(made instanceof Promise)) return made;
  return made.catch((error: Error) => {
    throw internalError(`failed to convert object: ${error.message}`);
  });
}

function evaluated(expression: Expression, variables: Mutator['variables'], subject: Subject): Value {
  if ('problem' in expression) throw new MutationError(expression.problem);
  try {
    const outcome = runWith(activationOf(subject), variables, { left: policyBudget }).evaluate(expression);
    if ('value' in outcome) return outcome.value;
    throw new MutationError(outcome.error);
  } catch (failure) {
    throw failure instanceof OutOfBudget ? new MutationError(failure.message) : failure;
  }
}

/** How an object is read back after it was changed. */
interface Form {
  readonly schema: ObjectSchema;
  /** Fields nobody knows are refused where the kind is built in. */
  read(value: unknown, strict: boolean): Made | Promise<Made>;
}

function formOf(served: Served, attributes: Attributes): Form {
  const { kind, version } = served;
  const { subresource } = attributes;
  const sub = subresource === '' ? undefined : subresourceOf(kind, subresource);
  const foreign = sub?.kind && subresourceSchema(sub);
  const schema = foreign || version.schema;
  return {
    schema,
    read(value, strict) {
      const { object, unknown } = foreign ? decode(schema, value) : readValue(version, value);
      if (strict && !kind.custom) complain([...unknown].sort(), 'Strict', () => {});
      return madeOf(served, attributes, object as Draft);
    },
  };
}

function configured(object: KubeObject, value: Value, form: Form): Made | Promise<Made> {
  if (!(value instanceof ObjectLiteral)) throw new MutationError('the expression gave no Object');
  requireNamedByPath(value);
  const whole = withConfiguration(object, jsonOfValue(value) as object, form.schema);
  try {
    return form.read(whole, false);
  } catch (failure) {
    throw failure instanceof DecodeError ? new MutationError(failure.message) : failure;
  }
}

function patched(object: KubeObject, value: Value, form: Form): Made | Promise<Made> {
  const operations = value instanceof ListValue ? value.values().map(operationOf) : [];
  try {
    return form.read(applyJsonPatch(object, operations), true);
  } catch (failure) {
    if (failure instanceof PatchRefusal) {
      // A test that does not hold means that nothing is to be done.
      if (failure.testFailed) return form.read(structuredClone(object), false);
      throw new MutationError(`JSON Patch: ${failure.why}`);
    }
    throw failure instanceof DecodeError ? internalError(failure.message) : failure;
  }
}

function operationOf(operation: Value): object {
  if (!(operation instanceof ObjectLiteral))
    throw new MutationError('the expression gave something else than JSONPatches');
  const text = (name: string) => (operation.get(name) as string | undefined) ?? '';
  const value = operation.get('value');
  if (value instanceof ObjectLiteral) requireNamedByPath(value);
  return {
    op: text('op'),
    path: text('path'),
    ...(text('from') && { from: text('from') }),
    ...(value !== undefined && { value: jsonOfValue(value) }),
  };
}
