// ConfigMap: plain values by key, for programs to read.

import { type Issue, forbiddenField, invalid, tooLong } from '../../api/issues.ts';
import { deepEqual } from '../../base/equal.ts';
import { bytesOfBase64, utf8Length } from '../../base/bytes.ts';
import { isConfigMapKey } from '../../base/names.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, numberCell } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ConfigMap as Shape } from '../generated/types/core-v1.ts';

export type ConfigMap = Shape;

/** What a config map or secret may hold altogether. */
export const largestContent = 1_048_576;

export const ConfigMap = defineKind<ConfigMap>('v1', 'ConfigMap', {
  validate: contentIssues,
  validateUpdate: (next, previous) => [...changeIssues(next, previous), ...contentIssues(next)],
  columns: [
    nameColumn,
    numberCell('Data', { type: 'io.k8s.api.core.v1.ConfigMap', field: 'data' }, ({ data, binaryData }) => {
      return Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length;
    }),
    ageColumn,
  ],
});

function contentIssues({ data = {}, binaryData = {} }: ConfigMap): Issue[] {
  const issues = [...keyIssues(data, 'data', binaryData), ...keyIssues(binaryData, 'binaryData', {})];
  const texts = Object.values(data).reduce((sum, value) => sum + utf8Length(value), 0);
  const bytes = Object.values(binaryData).reduce((sum, value) => sum + (bytesOfBase64(value)?.length ?? 0), 0);
  return texts + bytes > largestContent ? [...issues, tooLong('[]', largestContent)] : issues;
}

type Content = Readonly<Record<string, string>>;

function keyIssues(content: Content, field: string, binary: Content): Issue[] {
  return Object.keys(content).flatMap((key) => [
    ...complain(`${field}[${key}]`, key, isConfigMapKey),
    ...(Object.hasOwn(binary, key) ? [invalid(`${field}[${key}]`, key, 'duplicate of key present in binaryData')] : []),
  ]);
}

/** What is immutable stays so, with all it holds. */
function changeIssues(next: ConfigMap, previous: ConfigMap): Issue[] {
  if (!previous.immutable) return [];
  const rule = 'field is immutable when `immutable` is set';
  const issues = next.immutable ? [] : [forbiddenField('immutable', rule)];
  for (const field of ['data', 'binaryData'] as const) {
    if (!deepEqual(next[field] ?? {}, previous[field] ?? {})) issues.push(forbiddenField(field, rule));
  }
  return issues;
}
