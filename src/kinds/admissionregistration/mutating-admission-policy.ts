// MutatingAdmissionPolicy: how objects are changed on their way, in expressions the server evaluates itself.

import { type Issue, notSupported, required } from '../../api/issues.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { Mutation, MutatingAdmissionPolicy as Shape } from '../generated/types/admissionregistration-v1.ts';
import {
  applyMatchDefaults,
  constraintIssues,
  failurePolicyIssues,
  paramKindCell,
  paramKindIssues,
  variableIssues,
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
    validate: policyIssues,
    validateUpdate: policyIssues,
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

function policyIssues({ spec = {} }: MutatingAdmissionPolicy): Issue[] {
  const mutations = spec.mutations ?? [];
  const { reinvocationPolicy } = spec;
  const issues = [
    ...failurePolicyIssues(spec.failurePolicy),
    ...paramKindIssues(spec.paramKind),
    ...constraintIssues(spec.matchConstraints, 'spec.matchConstraints'),
    ...conditionIssues(spec.matchConditions ?? [], 'spec.matchConditions'),
    ...variableIssues(spec.variables ?? []),
  ];
  if (mutations.length === 0) issues.push(required('spec.mutations', 'mutations must contain at least one item'));
  mutations.forEach((mutation, i) => issues.push(...mutationIssues(mutation, `spec.mutations[${i}]`)));
  if (reinvocationPolicy === undefined) issues.push(required('spec.reinvocationPolicy'));
  else if (!reinvocations.includes(reinvocationPolicy)) {
    issues.push(notSupported('spec.reinvocationPolicy', reinvocationPolicy, reinvocations));
  }
  return issues;
}

const patchTypes = ['ApplyConfiguration', 'JSONPatch'];

function mutationIssues({ patchType, jsonPatch, applyConfiguration }: Mutation, field: string): Issue[] {
  if (!patchType) return [required(`${field}.patchType`)];
  if (!patchTypes.includes(patchType)) return [notSupported(`${field}.patchType`, patchType, patchTypes)];
  const [part, given] =
    patchType === 'JSONPatch' ? ['jsonPatch', jsonPatch] : ['applyConfiguration', applyConfiguration];
  if (!given) return [required(`${field}.${part}`)];
  return (given as { expression?: string }).expression ? [] : [required(`${field}.${part}.expression`)];
}
