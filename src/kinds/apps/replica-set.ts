// ReplicaSet: so many pods of one template.

import { deepEqual } from '../../base/equal.ts';
import type { Issue } from '../../api/issues.ts';
import { immutable, nonNegative } from '../checks.ts';
import { ageColumn, nameColumn, numberColumn, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ReplicaSetSpec, ReplicaSet as Shape } from '../generated/types/apps-v1.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { podTemplateWarnings } from '../pod-spec/template.ts';
import {
  counterIssues,
  excessIssues,
  isNewGeneration,
  podNameWarnings,
  selectorCell,
  shownSelector,
} from '../workloads.ts';
import { replicatedTemplateIssues } from './deployment.ts';

export type ReplicaSet = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.apps.v1.ReplicaSetSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.apps.v1.ReplicaSetStatus', field });

export const ReplicaSet = defineKind<ReplicaSet>('apps/v1', 'ReplicaSet', {
  applyDefaults(set) {
    set.spec ??= {};
    applyPodTemplateDefaults(set.spec.template);
    set.spec.replicas ??= 1;
  },
  dropDisabledFields: ({ spec }, previous, context) =>
    dropDisabledTemplateFields(spec?.template, previous?.spec?.template, context),
  prepareForCreate(set) {
    set.status = { replicas: 0 };
  },
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }, previous) => [
    ...specIssues(spec),
    ...(deepEqual(spec.selector, previous.spec.selector)
      ? []
      : [immutable('spec.selector', spec.selector && shownSelector(spec.selector))]),
  ],
  validateStatusUpdate: ({ status }) => (status ? statusIssues(status) : []),
  warnings: (next, previous) => [
    ...(previous ? [] : podNameWarnings(next)),
    ...(isNewGeneration(next, previous) ? podTemplateWarnings('spec.template', next.spec.template ?? {}) : []),
  ],
  scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  columns: [
    nameColumn,
    numberColumn('Desired', specField('replicas'), ({ spec }) => spec.replicas ?? 0),
    numberColumn('Current', statusField('replicas'), ({ status }) => status?.replicas ?? 0),
    numberColumn('Ready', statusField('readyReplicas'), ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<ReplicaSet>(({ spec }) => spec.template?.spec).map(wide),
    wide(textColumn('Selector', specField('selector'), ({ spec }) => selectorCell(spec.selector))),
  ],
});

const specIssues = (spec: ReplicaSetSpec): Issue[] => [
  ...nonNegative('spec.replicas', spec.replicas),
  ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
  ...replicatedTemplateIssues(spec),
];

function statusIssues(status: NonNullable<ReplicaSet['status']>): Issue[] {
  const { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas } = status;
  return [
    ...counterIssues(status, [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'terminatingReplicas',
      'observedGeneration',
    ]),
    ...excessIssues('status.fullyLabeledReplicas', fullyLabeledReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.readyReplicas', readyReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.availableReplicas', availableReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.availableReplicas', availableReplicas, readyReplicas, 'readyReplicas'),
  ];
}
