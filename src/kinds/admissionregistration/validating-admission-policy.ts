// ValidatingAdmissionPolicy: what objects must be like, in expressions the server evaluates itself.

import { utf8Length } from '../../base/bytes.ts';
import { isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { conditionIssues as statusConditionIssues } from '../conditions.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  AuditAnnotation,
  Validation,
  ValidatingAdmissionPolicy as Shape,
} from '../generated/types/admissionregistration-v1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import { compileIssues } from './expression-issues.ts';
import {
  admissionEnvironment,
  annotationTypes,
  compileExpression,
  conditionTypes,
  type Declarations,
  messageTypes,
} from './expressions.ts';
import {
  applyMatchDefaults,
  constraintIssues,
  checkedVariables,
  failurePolicyIssues,
  hasSameConditions,
  paramKindCell,
  paramKindIssues,
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
    validate: (policy) => policyIssues(policy),
    validateUpdate: (policy, previous) => policyIssues(policy, previous),
    validateStatusUpdate: statusIssues,
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

/** `previous`: what an update replaces. Conditions that stay as they are, for the same kind of parameters, are not looked at again. */
function policyIssues(
  { metadata, spec = {} }: ValidatingAdmissionPolicy,
  previous?: ValidatingAdmissionPolicy,
): Issue[] {
  const validations = spec.validations ?? [];
  const annotations = spec.auditAnnotations ?? [];
  const params = spec.paramKind !== undefined;
  const variables = checkedVariables(spec.variables ?? [], { params, authorizer: true });
  const uses = (spec.variables ?? []).length > 0 ? { variables: variables.types } : {};
  const issues = [
    ...failurePolicyIssues(spec.failurePolicy),
    ...paramKindIssues(spec.paramKind),
    ...constraintIssues(spec.matchConstraints, 'spec.matchConstraints'),
    ...(previous && hasSameConditions(spec, previous.spec ?? {})
      ? []
      : conditionIssues(spec.matchConditions ?? [], 'spec.matchConditions', params)),
    ...variables.issues,
    ...validations.flatMap((each, i) => validationIssues(each, `spec.validations[${i}]`, { params, ...uses })),
    ...annotationsIssues(annotations, metadata.name ?? '', { params, ...uses }),
  ];
  if (validations.length > 0 || annotations.length > 0) return issues;
  const rule = 'validations or auditAnnotations must contain at least one item';
  return [...issues, required('spec.validations', rule), required('spec.auditAnnotations', rule)];
}

/** Warnings say what, and of which field. */
function statusIssues({ status }: ValidatingAdmissionPolicy): Issue[] {
  const warnings = status?.typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap(({ fieldRef, warning }, i) => {
      const field = `status.typeChecking.expressionWarnings[${i}]`;
      return [
        ...(warning ? [] : [required(`${field}.warning`)]),
        ...(fieldRef?.trim() ? [] : [required(`${field}.fieldRef`)]),
      ];
    }),
    ...statusConditionIssues(status?.conditions, 'status.conditions'),
  ];
}

type Uses = Omit<Declarations, 'authorizer'>;

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

function validationIssues(validation: Validation, field: string, uses: Uses): Issue[] {
  const { expression, message, messageExpression, reason } = validation;
  const issues = ruleIssues(expression ?? '', `${field}.expression`, uses);
  if (messageExpression) issues.push(...messageIssues(messageExpression, `${field}.messageExpression`, uses));
  if (message && message.trim() === '') {
    issues.push(invalid(`${field}.message`, message, 'must be non-empty if specified'));
  } else if (message && /[\n\r]/.test(message.trim())) {
    issues.push(invalid(`${field}.message`, message, 'must not contain line breaks'));
  }
  if (reason !== undefined && !reasons.includes(reason)) issues.push(notSupported(`${field}.reason`, reason, reasons));
  return issues;
}

function ruleIssues(expression: string, field: string, uses: Uses): Issue[] {
  if (expression.trim() === '') return [required(field, 'expression is not specified')];
  const env = admissionEnvironment({ ...uses, authorizer: true });
  return compileIssues(field, compileExpression(expression, env, conditionTypes));
}

/** Messages cannot ask the authorizer. */
function messageIssues(expression: string, field: string, uses: Uses): Issue[] {
  if (expression.trim() === '') return [invalid(field, expression, 'must be non-empty if specified')];
  const env = admissionEnvironment({ ...uses, authorizer: false });
  return compileIssues(field, compileExpression(expression, env, messageTypes));
}

const mostAnnotations = 20;
/** Bytes. */
const longestValueExpression = 5 * 1024;

function annotationsIssues(annotations: readonly AuditAnnotation[], policyName: string, uses: Uses): Issue[] {
  const field = 'spec.auditAnnotations';
  const issues =
    annotations.length > mostAnnotations
      ? [invalid(field, annotations, `must not have more than ${mostAnnotations} auditAnnotations`)]
      : [];
  annotations.forEach(({ key = '', valueExpression = '' }, i) => {
    const place = `${field}[${i}]`;
    issues.push(...complain(`${place}.key`, `${policyName}/${key}`, isQualifiedName));
    issues.push(...valueIssues(valueExpression, `${place}.valueExpression`, uses));
    if (annotations.findIndex((other) => other.key === key) < i) issues.push(duplicate(`${place}.key`, key));
  });
  return issues;
}

function valueIssues(expression: string, field: string, uses: Uses): Issue[] {
  const text = expression.trim();
  if (text === '') return [required(field, 'valueExpression is not specified')];
  if (utf8Length(text) > longestValueExpression) {
    return [required(field, `must not exceed ${longestValueExpression} bytes in length`)];
  }
  const env = admissionEnvironment({ ...uses, authorizer: true });
  return compileIssues(field, compileExpression(text, env, annotationTypes), expression);
}
