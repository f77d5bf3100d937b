// Deployment: so many pods of a template, replaced a few at a time when the template changes.

import { deepEqual, semanticEqual } from '../../base/equal.ts';
import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { immutable, labelSelectorIssues, nonNegative, notListed } from '../checks.ts';
import { ageColumn, nameColumn, numberCell, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  DeploymentSpec,
  DeploymentStrategy,
  RollingUpdateDeployment,
  Deployment as Shape,
} from '../generated/types/apps-v1.ts';
import { keepLabels } from '../status-update.ts';
import { amountOf, atMostAllIssues, intOrPercentIssues } from '../int-or-percent.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { podTemplateWarnings } from '../pod-spec/template.ts';
import {
  collisionIssues,
  counterIssues,
  endlessTemplateIssues,
  excessIssues,
  isEmptySelector,
  isNewGeneration,
  mismatchIssues,
  podNameWarnings,
  readSelector,
  selectorCell,
  shownSelector,
} from '../workloads.ts';

export type Deployment = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.apps.v1.DeploymentSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.apps.v1.DeploymentStatus', field });

export const Deployment = defineKind<Deployment>('apps/v1', 'Deployment', {
  applyDefaults,
  generation: (next, previous) =>
    !semanticEqual(next.spec, previous.spec) ||
    !semanticEqual(next.metadata.annotations, previous.metadata.annotations),
  dropDisabledFields: ({ spec }, previous, context) =>
    dropDisabledTemplateFields(spec?.template, previous?.spec?.template, context),
  prepareForStatusUpdate: keepLabels,
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }, previous) => [
    ...specIssues(spec),
    ...(deepEqual(spec.selector, previous.spec.selector)
      ? []
      : [immutable('spec.selector', spec.selector && shownSelector(spec.selector))]),
  ],
  validateStatusUpdate: (next, previous) => [
    ...statusIssues(next.status ?? {}),
    ...collisionIssues(next.status, previous.status),
  ],
  warnings: (next, previous) => [
    ...(previous ? [] : podNameWarnings(next)),
    ...(isNewGeneration(next, previous) ? podTemplateWarnings('spec.template', next.spec.template) : []),
  ],
  resetFields: { '': ['status'], status: ['spec', 'metadata.labels'] },
  scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  columns: [
    nameColumn,
    textColumn('Ready', 'Number of the pod with ready state', ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    }),
    numberCell('Up-to-date', statusField('updatedReplicas'), ({ status }) => status?.updatedReplicas ?? 0),
    numberCell('Available', statusField('availableReplicas'), ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...templateColumns<Deployment>(({ spec }) => spec.template.spec).map(wide),
    wide(textColumn('Selector', specField('selector'), ({ spec }) => selectorCell(spec.selector))),
  ],
});

function applyDefaults(deployment: Deployment): void {
  const spec = (deployment.spec ??= { template: {} });
  applyPodTemplateDefaults(spec.template);
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    const rolling = (spec.strategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= '25%';
    rolling.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}

function specIssues(spec: DeploymentSpec): Issue[] {
  const { minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const issues = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...replicatedTemplateIssues(spec),
    ...strategyIssues(spec.strategy ?? {}, 'spec.strategy'),
    ...nonNegative('spec.minReadySeconds', minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds),
  ];
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) {
    issues.push(
      invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds'),
    );
  }
  return issues;
}

/** Selector and template, of a Deployment or a ReplicaSet: Kubernetes says `deployment` and `ReplicaSet` for both. */
export function replicatedTemplateIssues(
  spec: Pick<DeploymentSpec, 'selector'> & { template?: DeploymentSpec['template'] },
): Issue[] {
  const { selector, template } = spec;
  const issues = selector ? labelSelectorIssues(selector, 'spec.selector') : [required('spec.selector')];
  if (selector && isEmptySelector(selector)) {
    issues.push(invalid('spec.selector', shownSelector(selector), 'empty selector is invalid for deployment'));
  }
  const read = readSelector(selector);
  if (!read)
    return [...issues, invalid('spec.selector', selector && shownSelector(selector), 'invalid label selector')];
  const given = template ?? {};
  return [
    ...issues,
    ...mismatchIssues(read, given, 'spec.template'),
    ...endlessTemplateIssues(given, 'spec.template', 'ReplicaSet'),
  ];
}

function strategyIssues({ type, rollingUpdate }: DeploymentStrategy, field: string): Issue[] {
  if (type === 'RollingUpdate') return rollingUpdateIssues(rollingUpdate ?? {}, `${field}.rollingUpdate`);
  if (type !== 'Recreate') {
    const inside = { Type: type, RollingUpdate: rollingUpdate ? internalRolling(rollingUpdate) : null };
    return [notListed(field, inside, ['Recreate', 'RollingUpdate'])];
  }
  const rule = "may not be specified when strategy `type` is 'Recreate'";
  return rollingUpdate ? [forbiddenField(`${field}.rollingUpdate`, rule)] : [];
}

const internalRolling = ({ maxUnavailable, maxSurge }: RollingUpdateDeployment) => ({
  MaxUnavailable: maxUnavailable ?? 0,
  MaxSurge: maxSurge ?? 0,
});

function rollingUpdateIssues({ maxUnavailable, maxSurge }: RollingUpdateDeployment, field: string): Issue[] {
  const issues = [
    ...intOrPercentIssues(`${field}.maxUnavailable`, maxUnavailable),
    ...intOrPercentIssues(`${field}.maxSurge`, maxSurge),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    issues.push(invalid(`${field}.maxUnavailable`, maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...issues, ...atMostAllIssues(`${field}.maxUnavailable`, maxUnavailable)];
}

function statusIssues(status: NonNullable<Deployment['status']>): Issue[] {
  const { replicas, updatedReplicas, readyReplicas, availableReplicas } = status;
  return [
    ...counterIssues(status, [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ]),
    ...excessIssues('status.updatedReplicas', updatedReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.readyReplicas', readyReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.availableReplicas', availableReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.availableReplicas', availableReplicas, readyReplicas, 'readyReplicas'),
  ];
}
