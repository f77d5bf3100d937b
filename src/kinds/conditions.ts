// Conditions: finding one, and what is wrong with those of the one form that newer kinds share.

import { isQualifiedName } from '../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required, tooLong } from '../api/issues.ts';
import { complain } from './checks.ts';

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

export const conditionOf = <C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined => conditions?.find((condition) => condition.type === type);

export const conditionIssues = (conditions: readonly Condition[] | null | undefined, field: string): Issue[] =>
  (conditions ?? []).flatMap((condition, i, all) => [
    ...(all.findIndex(({ type }) => type === condition.type) < i
      ? [duplicate(`${field}[${i}].type`, condition.type)]
      : []),
    ...oneConditionIssues(condition, `${field}[${i}]`),
  ]);

/** Of conditions in a status of which nothing is looked at but their types: one of each. */
export const conditionTypeIssues = (conditions: readonly Condition[] | null | undefined): Issue[] =>
  (conditions ?? []).flatMap(({ type }, i, all) => {
    const field = `status.conditions[${i}].type`;
    const again = all.findIndex((other) => other.type === type) < i;
    return [...(again ? [duplicate(field, type)] : []), ...(type ? [] : [required(field)])];
  });

const statuses = ['False', 'True', 'Unknown'];
const longestReason = 1024;
const longestMessage = 32 * 1024;

function oneConditionIssues(condition: Condition, field: string): Issue[] {
  const { type = '', status = '', observedGeneration = 0, message = '' } = condition;
  const issues = complain(`${field}.type`, type, isQualifiedName);
  if (!statuses.includes(status)) issues.push(notSupported(`${field}.status`, status, statuses));
  if (observedGeneration < 0) {
    issues.push(invalid(`${field}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'));
  }
  if (!condition.lastTransitionTime) issues.push(required(`${field}.lastTransitionTime`));
  issues.push(...reasonIssues(condition.reason ?? '', `${field}.reason`));
  if (message.length > longestMessage) issues.push(tooLong(`${field}.message`, longestMessage));
  return issues;
}

const reasonForm = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';

function reasonIssues(reason: string, field: string): Issue[] {
  if (!reason) return [required(field)];
  const issues = complain(field, reason, (text) =>
    new RegExp(`^${reasonForm}$`).test(text)
      ? []
      : [
          "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'" +
            ` (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonForm}')`,
        ],
  );
  return reason.length > longestReason ? [...issues, tooLong(field, longestReason)] : issues;
}
