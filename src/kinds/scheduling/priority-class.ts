// PriorityClass: how important pods of the class are, and whether they may push out others.

import { type Issue, forbiddenField } from '../../api/issues.ts';
import { immutable, notListed } from '../checks.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { PriorityClass as Shape } from '../generated/types/scheduling-v1.ts';

export type PriorityClass = Shape;

const field = (name: string) => ({ type: 'io.k8s.api.scheduling.v1.PriorityClass', field: name });

export const PriorityClass = defineKind<PriorityClass>('scheduling.k8s.io/v1', 'PriorityClass', {
  generation: () => false,
  applyDefaults(priority) {
    priority.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate: (priority) => [...valueIssues(priority), ...policyIssues(priority)],
  validateUpdate: (next, previous) => [
    ...(next.value === previous.value ? [] : [forbiddenField('value', 'may not be changed in an update.')]),
    ...(next.preemptionPolicy === previous.preemptionPolicy
      ? []
      : [immutable('preemptionPolicy', next.preemptionPolicy)]),
  ],
  columns: [
    nameColumn,
    numberColumn('Value', field('value'), ({ value }) => value),
    {
      name: 'Global-Default',
      type: 'boolean',
      description: field('globalDefault'),
      cell: ({ globalDefault }) => globalDefault ?? false,
    },
    ageColumn,
    textColumn('PreemptionPolicy', field('preemptionPolicy'), ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ],
});

const systemValues: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/** Whether the class is one of those every cluster has. */
export const isSystemClass = (name: string): boolean => Object.hasOwn(systemValues, name);

const highestUserValue = 1_000_000_000;

function valueIssues(priority: PriorityClass): Issue[] {
  const { name = '' } = priority.metadata;
  if (!name.startsWith('system-')) {
    const rule = `maximum allowed value of a user defined priority is ${highestUserValue}`;
    return priority.value > highestUserValue ? [forbiddenField('value', rule)] : [];
  }
  const problem = systemProblem(name, priority);
  if (!problem) return [];
  const rule = "priority class names with 'system-' prefix are reserved for system use only.";
  return [forbiddenField('metadata.name', `${rule} error: ${problem}`)];
}

function systemProblem(name: string, { value, globalDefault = false }: PriorityClass): string | undefined {
  const expected = isSystemClass(name) ? systemValues[name] : undefined;
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function policyIssues({ preemptionPolicy }: PriorityClass): Issue[] {
  const choices = ['PreemptLowerPriority', 'Never'];
  if (preemptionPolicy === undefined || choices.includes(preemptionPolicy)) return [];
  return [notListed('preemptionPolicy', preemptionPolicy, choices)];
}
