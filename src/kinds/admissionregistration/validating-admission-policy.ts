// ValidatingAdmissionPolicy: what objects must be like, in expressions the server evaluates itself.

import { isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  AuditAnnotation,
  Validation,
  ValidatingAdmissionPolicy as Shape,
} from '../generated/types/admissionregistration-v1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import {
  applyMatchDefaults,
  constraintIssues,
  failurePolicyIssues,
  paramKindCell,
  paramKindIssues,
  variableIssues,
} from './policies.ts';
import { conditionIssues } from './webhooks.ts';

export type ValidatingAdmissionPolicy = Shape;

export const ValidatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicy',
  {
    requireVersionOnUpdate: true,
    applyDefaults(policy) {
      policy.spec ??= {};
      policy.spec.failurePolicy ??= 'Fail';
      applyMatchDefaults(policy.spec.matchConstraints);
    },
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: policyIssues,
    validateUpdate: policyIssues,
    columns: [
      nameColumn,
      numberColumn(
        'Validations',
        'Validations indicates the number of validation rules defined in this configuration',
        ({ spec }) => (spec?.validations ?? []).length,
      ),
      textColumn(
        'ParamKind',
        'ParamKind specifies the kind of resources used to parameterize this policy',
        ({ spec }) => paramKindCell(spec?.paramKind),
      ),
      ageColumn,
    ],
  },
);

function policyIssues({ metadata, spec = {} }: ValidatingAdmissionPolicy): Issue[] {
  const validations = spec.validations ?? [];
  const annotations = spec.auditAnnotations ?? [];
  const issues = [
    ...failurePolicyIssues(spec.failurePolicy),
    ...paramKindIssues(spec.paramKind),
    ...constraintIssues(spec.matchConstraints, 'spec.matchConstraints'),
    ...conditionIssues(spec.matchConditions ?? [], 'spec.matchConditions'),
    ...variableIssues(spec.variables ?? []),
    ...validations.flatMap((validation, i) => validationIssues(validation, `spec.validations[${i}]`)),
    ...annotationIssues(annotations, metadata.name ?? ''),
  ];
  if (validations.length > 0 || annotations.length > 0) return issues;
  const rule = 'validations or auditAnnotations must contain at least one item';
  return [...issues, required('spec.validations', rule), required('spec.auditAnnotations', rule)];
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

function validationIssues({ expression, message, messageExpression, reason }: Validation, field: string): Issue[] {
  const issues = expression?.trim() ? [] : [required(`${field}.expression`, 'expression is not specified')];
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '') {
    issues.push(invalid(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  }
  if (message && message.trim() === '') {
    issues.push(invalid(`${field}.message`, message, 'must be non-empty if specified'));
  } else if (message && /[\n\r]/.test(message)) {
    issues.push(invalid(`${field}.message`, message, 'must not contain line breaks'));
  }
  if (reason !== undefined && !reasons.includes(reason)) issues.push(notSupported(`${field}.reason`, reason, reasons));
  return issues;
}

function annotationIssues(annotations: readonly AuditAnnotation[], policyName: string): Issue[] {
  return annotations.flatMap(({ key = '', valueExpression }, i) => {
    const field = `spec.auditAnnotations[${i}]`;
    const issues = complain(`${field}.key`, `${policyName}/${key}`, isQualifiedName);
    if (!valueExpression?.trim()) {
      issues.push(required(`${field}.valueExpression`, 'valueExpression is not specified'));
    }
    const again = annotations.findIndex((other) => other.key === key) < i;
    return again ? [...issues, duplicate(`${field}.key`, key)] : issues;
  });
}
