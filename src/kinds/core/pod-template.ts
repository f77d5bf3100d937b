// PodTemplate: a template for pods that stands by itself.

import { deepEqual } from '../../base/equal.ts';
import { labelsText, nameColumn, templateColumns, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { PodTemplate as Shape } from '../generated/types/core-v1.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { isNewGeneration } from '../workloads.ts';
import { podTemplateWarnings, validatePodTemplateSpec } from '../pod-spec/template.ts';

export type PodTemplate = Shape;

const templateIssues = ({ template }: PodTemplate) => validatePodTemplateSpec(template ?? {}, 'template');

export const PodTemplate = defineKind<PodTemplate>('v1', 'PodTemplate', {
  returnsDeleted: true,
  generation: (next, previous) => !deepEqual(next.template, previous.template),
  applyDefaults: ({ template }) => applyPodTemplateDefaults(template),
  dropDisabledFields: ({ template }, previous, context) =>
    dropDisabledTemplateFields(template, previous?.template, context),
  validate: templateIssues,
  validateUpdate: templateIssues,
  warnings: (next, previous) =>
    isNewGeneration(next, previous) ? podTemplateWarnings('template', next.template ?? {}) : [],
  columns: [
    nameColumn,
    ...templateColumns<PodTemplate>(({ template }) => template?.spec),
    textColumn('Pod Labels', 'The labels for the pod template.', ({ template }) =>
      labelsText(template?.metadata?.labels),
    ),
  ],
});
