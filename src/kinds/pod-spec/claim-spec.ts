// What is wrong with what a claim for a volume asks for, in a claim itself or in a template for one.

import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { deepEqual } from '../../base/equal.ts';
import { complain, labelSelectorIssues } from '../checks.ts';
import type { PersistentVolumeClaimSpec } from '../generated/types/core-v1.ts';
import { compareAmounts, hasFraction } from '../quantities.ts';

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

export const volumeModes = ['Block', 'Filesystem'];

export function claimSpecIssues(spec: PersistentVolumeClaimSpec, field: string): Issue[] {
  const issues: Issue[] = [];
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) issues.push(required(`${field}.accessModes`, 'at least 1 access mode is required'));
  issues.push(...labelSelectorIssues(spec.selector, `${field}.selector`));
  issues.push(...accessModeIssues(modes, `${field}.accessModes`));
  issues.push(...storageIssues(spec.resources?.requests?.storage, `${field}.resources[storage]`));
  if (spec.storageClassName) {
    issues.push(...complain(`${field}.storageClassName`, spec.storageClassName, isDns1123Subdomain));
  }
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    issues.push(notSupported(`${field}.volumeMode`, spec.volumeMode, volumeModes));
  }
  issues.push(...dataSourceIssues(spec, field));
  if (spec.volumeAttributesClassName) {
    const place = `${field}.volumeAttributesClassName`;
    issues.push(...complain(place, spec.volumeAttributesClassName, isDns1123Subdomain));
  }
  return issues;
}

export function accessModeIssues(modes: readonly string[], field: string): Issue[] {
  const issues = modes.flatMap((mode) => (accessModes.includes(mode) ? [] : [notSupported(field, mode, accessModes)]));
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod')) {
    issues.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'));
  }
  return issues;
}

function storageIssues(storage: string | undefined, field: string): Issue[] {
  if (storage === undefined) return [required(field)];
  return compareAmounts(storage, '0') > 0 ? [] : [invalid(field, storage, 'must be greater than zero')];
}

function dataSourceIssues({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, field: string): Issue[] {
  const issues: Issue[] = [];
  for (const [name, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (!source) continue;
    for (const part of ['name', 'kind'] as const) {
      if (!source[part]) issues.push(required(`${field}.${name}.${part}`));
    }
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') {
      issues.push(
        invalid(
          `${field}.${name}`,
          source.kind,
          "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ),
      );
    }
    if (source.apiGroup) issues.push(...complain(`${field}.${name}.apiGroup`, source.apiGroup, isDns1123Subdomain));
  }
  if (dataSource && dataSourceRef && !dataSourceRef.namespace && !deepEqual({ ...dataSource }, { ...dataSourceRef })) {
    issues.push(invalid(field, {}, 'must match dataSourceRef'));
  }
  return issues;
}

/** `field`: where the claim's spec stands. */
export function storageWarnings({ resources }: PersistentVolumeClaimSpec, field: string): string[] {
  return (['requests', 'limits'] as const).flatMap((sort) => {
    const storage = resources?.[sort]?.storage;
    return storage !== undefined && hasFraction(storage)
      ? [`${field}.resources.${sort}[storage]: fractional byte value "${storage}" is invalid, must be an integer`]
      : [];
  });
}
