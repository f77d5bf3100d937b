// DeviceClass: devices that are asked for by one name, and how they are set up.

import { isQualifiedName } from '../../base/names.ts';
import { type Issue, invalid } from '../../api/issues.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { DeviceClass as Shape } from '../generated/types/resource-v1.ts';
import { opaqueIssues, selectorIssues } from './devices.ts';

export type DeviceClass = Shape;

export const DeviceClass = defineKind<DeviceClass>('resource.k8s.io/v1', 'DeviceClass', {
  returnsDeleted: true,
  generation: 'spec',
  validate: classIssues,
  validateUpdate: classIssues,
  columns: [nameColumn, ageColumn],
});

function classIssues({ spec }: DeviceClass): Issue[] {
  const { selectors, config, extendedResourceName: name } = spec ?? {};
  const issues = selectorIssues(selectors ?? [], 'spec.selectors');
  (config ?? []).forEach(({ opaque }, i) => issues.push(...opaqueIssues(opaque, `spec.config[${i}].opaque`)));
  if (name !== undefined && !isExtendedResource(name)) {
    issues.push(invalid('spec.extendedResourceName', name, 'must be a valid extended resource name'));
  }
  return issues;
}

/** A name of somebody's domain that is not Kubernetes'. */
const isExtendedResource = (name: string): boolean =>
  name.includes('/') &&
  !name.includes('kubernetes.io/') &&
  !name.startsWith('requests.') &&
  isQualifiedName(`requests.${name}`).length === 0;
