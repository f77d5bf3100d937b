// ReplicationController: so many pods of one template, as ReplicaSets keep them today.

import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { nonNegative, notListed } from '../checks.ts';
import { ageColumn, labelsText, nameColumn, numberColumn, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  PodTemplateSpec,
  ReplicationControllerSpec,
  ReplicationController as Shape,
} from '../generated/types/core-v1.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { isNewGeneration, podNameWarnings } from '../workloads.ts';
import { podTemplateWarnings, validatePodTemplateSpec } from '../pod-spec/template.ts';

export type ReplicationController = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.core.v1.ReplicationControllerSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.core.v1.ReplicationControllerStatus', field });

export const ReplicationController = defineKind<ReplicationController>('v1', 'ReplicationController', {
  applyDefaults,
  dropDisabledFields: ({ spec }, previous, context) =>
    dropDisabledTemplateFields(spec?.template, previous?.spec?.template, context),
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }) => specIssues(spec),
  validateStatusUpdate: statusIssues,
  warnings: (next, previous) => [
    ...(previous ? [] : podNameWarnings(next)),
    // On update Kubernetes warns of the template that is no more.
    ...(isNewGeneration(next, previous)
      ? podTemplateWarnings('spec.template', (previous ?? next).spec.template ?? {})
      : []),
  ],
  defaultPropagation: 'Orphan',
  scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  columns: [
    nameColumn,
    numberColumn('Desired', specField('replicas'), ({ spec }) => spec.replicas ?? 0),
    numberColumn('Current', statusField('replicas'), ({ status }) => status?.replicas ?? 0),
    numberColumn('Ready', statusField('readyReplicas'), ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<ReplicationController>(({ spec }) => spec.template?.spec).map(wide),
    wide(textColumn('Selector', specField('selector'), ({ spec }) => labelsText(spec.selector))),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
});

/** Selector and labels are the template's where none are given. */
function applyDefaults({ metadata, spec }: ReplicationController): void {
  if (!spec) return;
  applyPodTemplateDefaults(spec.template);
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
  spec.replicas ??= 1;
}

function specIssues(spec: ReplicationControllerSpec): Issue[] {
  const selector = spec.selector ?? {};
  return [
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...nonNegative('spec.replicas', spec.replicas),
    ...(spec.template ? templateIssues(spec.template, selector) : [required('spec.template')]),
  ];
}

function templateIssues(template: PodTemplateSpec, selector: Readonly<Record<string, string>>): Issue[] {
  const labels = template.metadata?.labels;
  const fits = Object.entries(selector).every(([key, value]) => labels?.[key] === value);
  const issues = fits
    ? []
    : [invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`')];
  issues.push(...validatePodTemplateSpec(template, 'spec.template'));
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') {
    issues.push(notListed('spec.template.spec.restartPolicy', restartPolicy ?? '', ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const rule = 'activeDeadlineSeconds in ReplicationController is not Supported';
    issues.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', rule));
  }
  return issues;
}

function statusIssues({ status }: ReplicationController): Issue[] {
  const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  const issues = [
    ...nonNegative('status.replicas', replicas),
    ...nonNegative('status.fullyLabeledReplicas', fullyLabeledReplicas),
    ...nonNegative('status.readyReplicas', readyReplicas),
    ...nonNegative('status.availableReplicas', availableReplicas),
    ...nonNegative('status.observedGeneration', status?.observedGeneration),
  ];
  const over = (name: string, value: number, limit: number, of: string) => {
    if (value > limit) issues.push(invalid(`status.${name}`, value, `cannot be greater than ${of}`));
  };
  over('fullyLabeledReplicas', fullyLabeledReplicas, replicas, 'status.replicas');
  over('readyReplicas', readyReplicas, replicas, 'status.replicas');
  over('availableReplicas', availableReplicas, replicas, 'status.replicas');
  over('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  return issues;
}
