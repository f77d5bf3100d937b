// ControllerRevision: a template as it once was, kept to go back to.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, required } from '../../api/issues.ts';
import { immutable, nonNegative } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ControllerRevision as Shape } from '../generated/types/apps-v1.ts';

export type ControllerRevision = Shape;

export const ControllerRevision = defineKind<ControllerRevision>('apps/v1', 'ControllerRevision', {
  validate: ({ data, revision }) => [...nonNegative('revision', revision), ...dataIssues(data)],
  validateUpdate: ({ data, revision }, previous) => [
    ...nonNegative('revision', revision),
    ...(deepEqual(data, previous.data) ? [] : [immutable('data', data)]),
  ],
  columns: [
    nameColumn,
    textColumn('Controller', 'Controller of the object', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller);
      if (!owner) return '<none>';
      const slash = owner.apiVersion.indexOf('/');
      const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`;
      return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
    }),
    textColumn('Revision', { type: 'io.k8s.api.apps.v1.ControllerRevision', field: 'revision' }, ({ revision }) => {
      return revision ?? 0;
    }),
    ageColumn,
  ],
});

function dataIssues(data: unknown): Issue[] {
  if (data === undefined || data === null) return [required('data', 'data is mandatory')];
  const isObject = typeof data === 'object' && !Array.isArray(data);
  return isObject ? [] : [required('data', 'data must be a valid JSON object')];
}
