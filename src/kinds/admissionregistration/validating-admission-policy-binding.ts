// ValidatingAdmissionPolicyBinding: where a policy holds, and with which parameters.

import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ValidatingAdmissionPolicyBinding as Shape } from '../generated/types/admissionregistration-v1.ts';
import { applyMatchDefaults, bindingIssues, paramRefCell } from './policies.ts';

export type ValidatingAdmissionPolicyBinding = Shape;

export const ValidatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicyBinding',
  {
    requireVersionOnUpdate: true,
    generation: 'spec',
    applyDefaults: ({ spec }) => applyMatchDefaults(spec?.matchResources),
    validate: ({ spec }) => [...bindingIssues(spec ?? {}), ...actionIssues(spec?.validationActions ?? [])],
    validateUpdate: ({ spec }) => [...bindingIssues(spec ?? {}), ...actionIssues(spec?.validationActions ?? [])],
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
);

const actions = ['Audit', 'Deny', 'Warn'];

function actionIssues(given: readonly string[]): Issue[] {
  const field = 'spec.validationActions';
  const issues = given.flatMap((action, i) => {
    if (given.indexOf(action) < i) return [duplicate(`${field}[${i}]`, action)];
    return actions.includes(action) ? [] : [notSupported(`${field}[${i}]`, action, actions)];
  });
  if (given.includes('Deny') && given.includes('Warn')) {
    const rule =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    issues.push(invalid(field, given, rule));
  }
  return given.length > 0 ? issues : [required(field, 'at least one validation action is required')];
}
