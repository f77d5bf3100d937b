// ResourceClaimTemplate: the claims that are made for pods, one for each.

import { deepEqual } from '../../base/equal.ts';
import { annotationIssues, immutable, labelIssues } from '../checks.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ResourceClaimTemplate as Shape } from '../generated/types/resource-v1.ts';
import { applyRequestDefaults, claimIssues } from './devices.ts';
import { internalSpec } from './resource-claim.ts';
import { claimTemplateConversions } from './older-versions.ts';

export type ResourceClaimTemplate = Shape;

export const ResourceClaimTemplate = defineKind<ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'ResourceClaimTemplate',
  {
    returnsDeleted: true,
    generation: 'none',
    applyDefaults: ({ spec }) => applyRequestDefaults(spec?.spec?.devices),
    validate: ({ spec }) => [
      ...labelIssues(spec?.metadata?.labels, 'spec.metadata.labels'),
      ...annotationIssues(spec?.metadata?.annotations, 'spec.metadata.annotations'),
      ...claimIssues(spec?.spec?.devices, 'spec.spec.devices'),
    ],
    validateUpdate: ({ spec }, previous) =>
      deepEqual(spec, previous.spec) ? [] : [immutable('spec', { ...spec?.metadata, Spec: internalSpec(spec?.spec) })],
    columns: [nameColumn, ageColumn],
  },
  { conversions: claimTemplateConversions },
);
