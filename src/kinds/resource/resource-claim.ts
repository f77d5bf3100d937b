// ResourceClaim: devices that somebody asks for, has got, or shares.

import { deepEqual } from '../../base/equal.ts';
import { immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, namedSchema } from '../define.ts';
import type { ResourceClaimSpec, ResourceClaim as Shape } from '../generated/types/resource-v1.ts';
import { internalValue } from '../internal-value.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import { applyRequestDefaults, claimIssues } from './devices.ts';
import { claimStatusIssues } from './claim-status.ts';
import { claimConversions } from './older-versions.ts';

export type ResourceClaim = Shape;

export const ResourceClaim = defineKind<ResourceClaim>(
  'resource.k8s.io/v1',
  'ResourceClaim',
  {
    returnsDeleted: true,
    generation: 'none',
    applyDefaults: ({ spec }) => applyRequestDefaults(spec?.devices),
    prepareForCreate(claim) {
      claim.status = {};
    },
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: ({ spec }) => claimIssues(spec?.devices, 'spec.devices'),
    validateUpdate: ({ spec }, previous) =>
      deepEqual(spec, previous.spec) ? [] : [immutable('spec', internalSpec(spec))],
    validateStatusUpdate: claimStatusIssues,
    columns: [
      nameColumn,
      textColumn('State', 'A summary of the current state (allocated, pending, reserved, etc.).', stateCell),
      ageColumn,
    ],
  },
  { conversions: claimConversions },
);

/** As Kubernetes holds it inside, where refusals show that form. */
export function internalSpec(spec: ResourceClaimSpec | undefined): unknown {
  return internalValue(namedSchema('io.k8s.api.resource.v1.ResourceClaimSpec'), spec);
}

function stateCell({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  if (metadata.deletionTimestamp) states.push('deleted');
  if (!status?.allocation) {
    if (states.length === 0) states.push('pending');
    return states.join(',');
  }
  states.push('allocated');
  if ((status.reservedFor ?? []).length > 0) states.push('reserved');
  return states.join(',');
}
