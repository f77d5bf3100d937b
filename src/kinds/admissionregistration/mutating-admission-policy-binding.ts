// MutatingAdmissionPolicyBinding: where a policy holds, and with which parameters.

import type { Issue } from '../../api/issues.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { MutatingAdmissionPolicyBinding as Shape } from '../generated/types/admissionregistration-v1.ts';
import { applyMatchDefaults, bindingIssues, mutableOperationIssues, paramRefCell } from './policies.ts';

export type MutatingAdmissionPolicyBinding = Shape;

export const MutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'MutatingAdmissionPolicyBinding',
  {
    requireVersionOnUpdate: true,
    generation: 'spec',
    applyDefaults: ({ spec }) => applyMatchDefaults(spec?.matchResources),
    validate: specIssues,
    validateUpdate: specIssues,
    columns: [
      nameColumn,
      textColumn(
        'PolicyName',
        'PolicyName indicates the policy definition which the policy binding binded to',
        ({ spec }) => {
          return spec?.policyName ?? '';
        },
      ),
      textColumn('ParamRef', 'ParamRef indicates the param resource which sets the configuration param', ({ spec }) => {
        return paramRefCell(spec?.paramRef);
      }),
      ageColumn,
    ],
  },
  { gate: 'MutatingAdmissionPolicy' },
);

function specIssues({ spec }: MutatingAdmissionPolicyBinding): Issue[] {
  return [...bindingIssues(spec ?? {}), ...mutableOperationIssues(spec?.matchResources, 'spec.matchResources')];
}
