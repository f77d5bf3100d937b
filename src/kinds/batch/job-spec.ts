// What is wrong with what a job is to do, in a Job itself or in a CronJob's template for one.

import { isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required, tooLong, tooMany } from '../../api/issues.ts';
import { complain, domainPrefixedPath, nonNegative, notListed } from '../checks.ts';
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyRule,
  SuccessPolicy,
  SuccessPolicyRule,
} from '../generated/types/batch-v1.ts';
import { podTemplateWarnings, validatePodTemplateSpec } from '../pod-spec/template.ts';
import { indexesOf } from './indexes.ts';

/** `Invalid` about no value in particular. */
export const wrong = (field: string, detail: string): Issue => ({
  type: 'invalid',
  field,
  message: `Invalid value: ${detail}`,
});

/** All but the selector, which a CronJob's template must not have. */
export function jobSpecIssues(spec: JobSpec, field: string): Issue[] {
  return [
    ...nonNegative(`${field}.parallelism`, spec.parallelism),
    ...nonNegative(`${field}.completions`, spec.completions),
    ...nonNegative(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...nonNegative(`${field}.backoffLimit`, spec.backoffLimit),
    ...nonNegative(`${field}.ttlSecondsAfterFinished`, spec.ttlSecondsAfterFinished),
    ...nonNegative(`${field}.backoffLimitPerIndex`, spec.backoffLimitPerIndex),
    ...nonNegative(`${field}.maxFailedIndexes`, spec.maxFailedIndexes),
    ...(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined
      ? [required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')]
      : []),
    ...managedByIssues(spec.managedBy, `${field}.managedBy`),
    ...completionModeIssues(spec, field),
    ...(spec.podFailurePolicy
      ? failurePolicyIssues(spec, spec.podFailurePolicy, `${field}.podFailurePolicy.rules`)
      : []),
    ...(spec.successPolicy ? successPolicyIssues(spec, spec.successPolicy, `${field}.successPolicy`) : []),
    ...replacementIssues(spec, `${field}.podReplacementPolicy`),
    ...validatePodTemplateSpec(spec.template ?? {}, `${field}.template`),
    ...restartPolicyIssues(spec, `${field}.template.spec.restartPolicy`),
  ];
}

/** `field` is where the specification stands, as `spec.jobTemplate.spec`. */
export function jobSpecWarnings(spec: JobSpec, field: string): string[] {
  const { completionMode, completions = 0, parallelism = 0, template = {} } = spec;
  const scale = 'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4';
  const rule = `${scale}, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  const huge = completionMode === 'Indexed' && completions > manyIndexes && parallelism > failuresAmongMany;
  return [...(huge ? [`${field}: ${rule}`] : []), ...podTemplateWarnings(`${field}.template`, template)];
}

const managedByLimit = 63;

function managedByIssues(managedBy: string | undefined, field: string): Issue[] {
  if (managedBy === undefined) return [];
  const issues = domainPrefixedPath(field, managedBy);
  return managedBy.length > managedByLimit ? [...issues, tooLong(field, managedByLimit)] : issues;
}

const manyIndexes = 100_000;
const failuresAmongMany = 10_000;

function completionModeIssues(spec: JobSpec, field: string): Issue[] {
  const { completionMode: mode } = spec;
  const issues: Issue[] = [];
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed') {
    issues.push(notListed(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed']));
  }
  if (mode === 'Indexed') return indexedIssues(spec, field);
  if (mode === undefined || mode === 'NonIndexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[name] !== undefined) {
        issues.push(invalid(`${field}.${name}`, spec[name], 'requires indexed completion mode'));
      }
    }
  }
  return issues;
}

function indexedIssues(spec: JobSpec, field: string): Issue[] {
  const { completions, parallelism = 0, maxFailedIndexes } = spec;
  const issues: Issue[] = [];
  const atMost = (name: 'parallelism' | 'maxFailedIndexes', limit: number, when = '') => {
    const value = spec[name];
    if (value !== undefined && value > limit) {
      issues.push(invalid(`${field}.${name}`, value, `must be less than or equal to ${limit}${when}`));
    }
  };
  if (completions === undefined) issues.push(required(`${field}.completions`, 'when completion mode is Indexed'));
  if (parallelism > manyIndexes) atMost('parallelism', manyIndexes, ' when completion mode is Indexed');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    issues.push(invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  atMost('maxFailedIndexes', manyIndexes);
  if ((completions ?? 0) > manyIndexes && spec.backoffLimitPerIndex !== undefined) {
    const when = ` when completions are above ${manyIndexes} and used with backoff limit per index`;
    if (maxFailedIndexes === undefined) {
      issues.push(required(`${field}.maxFailedIndexes`, `must be specified when completions is above ${manyIndexes}`));
    }
    atMost('parallelism', failuresAmongMany, when);
    atMost('maxFailedIndexes', failuresAmongMany, when);
  }
  return issues;
}

const mostRules = 20;
const mostExitCodes = 255;

function failurePolicyIssues(spec: JobSpec, { rules }: PodFailurePolicy, field: string): Issue[] {
  const issues = (rules ?? []).length > mostRules ? [tooMany(field, rules.length, mostRules)] : [];
  return [...issues, ...(rules ?? []).flatMap((rule, i) => failureRuleIssues(spec, rule, `${field}[${i}]`))];
}

/** Go prints the choices as a list of quoted words. */
const oneOf = (choices: readonly string[]) => `valid values: [${choices.map((c) => JSON.stringify(c)).join(' ')}]`;

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

function failureRuleIssues(spec: JobSpec, rule: PodFailurePolicyRule, field: string): Issue[] {
  const conditions = rule.onPodConditions ?? [];
  const issues = choiceIssues(rule.action, `${field}.action`, actions);
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    issues.push(invalid(`${field}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (rule.onExitCodes) issues.push(...exitCodeIssues(spec, rule.onExitCodes, `${field}.onExitCodes`));
  if (conditions.length > mostRules) issues.push(tooMany(`${field}.onPodConditions`, conditions.length, mostRules));
  conditions.forEach(({ type, status }, i) => {
    const place = `${field}.onPodConditions[${i}]`;
    issues.push(...complain(`${place}.type`, type ?? '', isQualifiedName));
    issues.push(...choiceIssues(status, `${place}.status`, ['False', 'True', 'Unknown']));
  });
  if (rule.onExitCodes && conditions.length > 0) {
    issues.push(wrong(field, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (!rule.onExitCodes && conditions.length === 0) {
    issues.push(wrong(field, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return issues;
}

function choiceIssues(value: string | undefined, field: string, choices: readonly string[]): Issue[] {
  if (!value) return [required(field, oneOf(choices))];
  return choices.includes(value) ? [] : [notSupported(field, value, choices)];
}

function exitCodeIssues(spec: JobSpec, rule: NonNullable<PodFailurePolicyRule['onExitCodes']>, field: string): Issue[] {
  const { operator, containerName } = rule;
  const values = rule.values ?? [];
  const issues = choiceIssues(operator, `${field}.operator`, ['In', 'NotIn']);
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = [...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name);
  if (containerName !== undefined && !names.includes(containerName)) {
    const rule = 'must be one of the container or initContainer names in the pod template';
    issues.push(invalid(`${field}.containerName`, containerName, rule));
  }
  if (values.length === 0) issues.push(invalid(`${field}.values`, rule.values, 'at least one value is required'));
  if (values.length > mostExitCodes) issues.push(tooMany(`${field}.values`, values.length, mostExitCodes));
  values.forEach((value, i) => {
    const place = `${field}.values[${i}]`;
    if (value === 0 && operator === 'In') issues.push(invalid(place, value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < i) issues.push(duplicate(place, value));
  });
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value)) {
    issues.push(invalid(`${field}.values`, values, 'must be ordered'));
  }
  return issues;
}

function successPolicyIssues(spec: JobSpec, policy: SuccessPolicy, field: string): Issue[] {
  if (spec.completionMode !== 'Indexed') {
    return [invalid(field, internalSuccessPolicy(policy), 'requires indexed completion mode')];
  }
  const rules = policy.rules ?? [];
  const issues: Issue[] = [];
  if (rules.length === 0) {
    issues.push(required(`${field}.rules`, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > mostRules) issues.push(tooMany(`${field}.rules`, rules.length, mostRules));
  return [
    ...issues,
    ...rules.flatMap((rule, i) => successRuleIssues(rule, spec.completions ?? 0, `${field}.rules[${i}]`)),
  ];
}

const longestIndexes = 64 * 1024;

function successRuleIssues(rule: SuccessPolicyRule, completions: number, field: string): Issue[] {
  const { succeededIndexes, succeededCount: count } = rule;
  if (succeededIndexes === undefined && count === undefined) {
    return [required(field, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const issues: Issue[] = [];
  const indexes = succeededIndexes === undefined ? undefined : indexesOf(succeededIndexes, completions);
  if ((succeededIndexes?.length ?? 0) > longestIndexes) {
    issues.push(tooLong(`${field}.succeededIndexes`, longestIndexes));
  }
  if (indexes && 'problem' in indexes) {
    const problem = `error parsing succeededIndexes: ${indexes.problem}`;
    issues.push(invalid(`${field}.succeededIndexes`, succeededIndexes, problem));
  }
  if (count === undefined) return issues;
  issues.push(...nonNegative(`${field}.succeededCount`, count));
  const atMost = (limit: number, of: string) => {
    if (count <= limit) return;
    issues.push(
      invalid(`${field}.succeededCount`, count, `must be less than or equal to ${limit} (the number of ${of})`),
    );
  };
  atMost(completions, 'specified completions');
  if (indexes) {
    atMost('problem' in indexes ? 0 : indexes.total, 'indexes in the specified succeededIndexes field');
  }
  return issues;
}

function replacementIssues({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, field: string): Issue[] {
  if (policy === undefined) return [];
  const choices = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return choices.includes(policy) ? [] : [notSupported(field, policy, choices)];
}

function restartPolicyIssues({ template, podFailurePolicy }: JobSpec, field: string): Issue[] {
  const policy = template?.spec?.restartPolicy ?? '';
  const choices = ['OnFailure', 'Never'];
  if (policy === '' || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (!choices.includes(policy)) return [notListed(field, policy, choices)];
  if (!podFailurePolicy || policy === 'Never') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** Policies as the API server holds them inside, which refusals print. */
export const internalSuccessPolicy = (policy: SuccessPolicy) => ({
  Rules: (policy.rules ?? null)?.map(({ succeededIndexes, succeededCount }) => ({
    SucceededIndexes: succeededIndexes ?? null,
    SucceededCount: succeededCount ?? null,
  })),
});

export const internalFailurePolicy = (policy: PodFailurePolicy) => ({
  Rules: (policy.rules ?? null)?.map(({ action, onExitCodes, onPodConditions }) => ({
    Action: action,
    OnExitCodes: onExitCodes
      ? {
          ContainerName: onExitCodes.containerName ?? null,
          Operator: onExitCodes.operator,
          Values: onExitCodes.values ?? null,
        }
      : null,
    OnPodConditions: onPodConditions?.map(({ type, status }) => ({ Type: type, Status: status })) ?? null,
  })),
});
