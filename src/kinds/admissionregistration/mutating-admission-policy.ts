// MutatingAdmissionPolicy: how objects are changed on their way, in expressions the server evaluates itself.

import { type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import type { Environment } from '../../languages/cel/environment.ts';
import type { Type } from '../../languages/cel/types.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { Mutation, MutatingAdmissionPolicy as Shape } from '../generated/types/admissionregistration-v1.ts';
import { compileIssues } from './expression-issues.ts';
import { admissionEnvironment, applyConfigurationType, compileExpression, jsonPatchesType } from './expressions.ts';
import {
  applyMatchDefaults,
  checkedVariables,
  constraintIssues,
  failurePolicyIssues,
  hasSameConditions,
  mutableOperationIssues,
  paramKindCell,
  paramKindIssues,
} from './policies.ts';
import { conditionIssues } from './webhooks.ts';

export type MutatingAdmissionPolicy = Shape;

export const MutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'MutatingAdmissionPolicy',
  {
    requireVersionOnUpdate: true,
    generation: 'spec',
    applyDefaults(policy) {
      policy.spec ??= {};
      policy.spec.failurePolicy ??= 'Fail';
      applyMatchDefaults(policy.spec.matchConstraints);
    },
    validate: (policy) => policyIssues(policy),
    validateUpdate: (policy, previous) => policyIssues(policy, previous),
    columns: [
      nameColumn,
      numberColumn(
        'Mutations',
        'Mutation indicates the number of mutations rules defined in this configuration',
        ({ spec }) => (spec?.mutations ?? []).length,
      ),
      textColumn(
        'ParamKind',
        'ParamKind specifies the kind of resources used to parameterize this policy',
        ({ spec }) => paramKindCell(spec?.paramKind),
      ),
      ageColumn,
    ],
  },
  { gate: 'MutatingAdmissionPolicy' },
);

const reinvocations = ['IfNeeded', 'Never'];

/** `previous`: what an update replaces. Conditions that stay as they are, for the same kind of parameters, are not looked at again. */
function policyIssues({ spec = {} }: MutatingAdmissionPolicy, previous?: MutatingAdmissionPolicy): Issue[] {
  const mutations = spec.mutations ?? [];
  const { reinvocationPolicy } = spec;
  const params = spec.paramKind !== undefined;
  const variables = checkedVariables(spec.variables ?? [], { params, authorizer: true });
  const env = admissionEnvironment({ params, authorizer: true, patches: true, variables: variables.types });
  const issues = [
    ...failurePolicyIssues(spec.failurePolicy),
    ...paramKindIssues(spec.paramKind),
    ...constraintIssues(spec.matchConstraints, 'spec.matchConstraints'),
    ...mutableOperationIssues(spec.matchConstraints, 'spec.matchConstraints'),
    ...(previous && hasSameConditions(spec, previous.spec ?? {})
      ? []
      : conditionIssues(spec.matchConditions ?? [], 'spec.matchConditions', params)),
    ...variables.issues,
  ];
  if (mutations.length === 0) issues.push(required('spec.mutations', 'mutations must contain at least one item'));
  mutations.forEach((mutation, i) => issues.push(...mutationIssues(mutation, `spec.mutations[${i}]`, env)));
  if (reinvocationPolicy === undefined) issues.push(required('spec.reinvocationPolicy'));
  else if (!reinvocations.includes(reinvocationPolicy)) {
    issues.push(notSupported('spec.reinvocationPolicy', reinvocationPolicy, reinvocations));
  }
  return issues;
}

const patchTypes = ['ApplyConfiguration', 'JSONPatch'];

function mutationIssues(mutation: Mutation, field: string, env: Environment): Issue[] {
  const { patchType } = mutation;
  if (!patchType) return [required(`${field}.patchType`)];
  if (!patchTypes.includes(patchType)) return [notSupported(`${field}.patchType`, patchType, patchTypes)];
  const [part, other, wanted] =
    patchType === 'JSONPatch'
      ? (['jsonPatch', 'applyConfiguration', jsonPatchesType] as const)
      : (['applyConfiguration', 'jsonPatch', applyConfigurationType] as const);
  const given = mutation[part];
  const issues = given
    ? patchIssues(given.expression ?? '', `${field}.${part}.expression`, env, wanted)
    : [required(`${field}.${part}`, `must be specified when patchType is ${patchType}`)];
  if (!mutation[other]) return issues;
  return [
    ...issues,
    invalid(`${field}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`),
  ];
}

function patchIssues(expression: string, field: string, env: Environment, wanted: Type): Issue[] {
  const text = expression.trim();
  return text === '' ? [required(field)] : compileIssues(field, compileExpression(text, env, [wanted]));
}
