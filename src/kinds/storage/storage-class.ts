// StorageClass: where volumes of the class come from, and when.

import { deepEqual } from '../../base/equal.ts';
import { isQualifiedName } from '../../base/names.ts';
import { utf8Length } from '../../base/bytes.ts';
import type { KubeObject } from '../../api/object.ts';
import { type Issue, duplicate, invalid, notSupported, required, tooLong } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import { oldNodeLabels } from '../node-labels.ts';
import type { TopologySelectorTerm } from '../generated/types/core-v1.ts';
import type { StorageClass as Shape } from '../generated/types/storage-v1.ts';

export type StorageClass = Shape;

const field = (name: string) => ({ type: 'io.k8s.api.storage.v1.StorageClass', field: name });

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Whether claims that name no class get this one. */
export const isDefaultStorageClass = ({ metadata }: KubeObject): boolean =>
  defaultAnnotations.some((name) => metadata.annotations?.[name] === 'true');

/** The class of a claim that names none: the newest of those marked as default; of equally old ones the first by name. */
export function defaultClassOf(classes: readonly StorageClass[]): StorageClass | undefined {
  const age = ({ metadata }: StorageClass) => metadata.creationTimestamp ?? '';
  const byName = (a: StorageClass, b: StorageClass) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
  return classes
    .filter(isDefaultStorageClass)
    .sort((a, b) => (age(a) === age(b) ? byName(a, b) : age(a) > age(b) ? -1 : 1))[0];
}

export const StorageClass = defineKind<StorageClass>('storage.k8s.io/v1', 'StorageClass', {
  returnsDeleted: true,
  applyDefaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate: classIssues,
  validateUpdate: (next, previous) => [...classIssues(next), ...changeIssues(next, previous)],
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) =>
        oldNodeLabels[key] ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${oldNodeLabels[key]}`] : [],
      ),
    ),
  columns: [
    {
      ...nameColumn,
      cell: (object) => `${object.metadata.name ?? ''}${isDefaultStorageClass(object) ? ' (default)' : ''}`,
    },
    textColumn('Provisioner', field('provisioner'), ({ provisioner }) => provisioner),
    textColumn('ReclaimPolicy', field('reclaimPolicy'), ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
    textColumn('VolumeBindingMode', field('volumeBindingMode'), ({ volumeBindingMode }) => {
      return volumeBindingMode ?? '<unset>';
    }),
    textColumn('AllowVolumeExpansion', field('allowVolumeExpansion'), ({ allowVolumeExpansion }) => {
      return allowVolumeExpansion ?? false;
    }),
    ageColumn,
  ],
});

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

function classIssues(storageClass: StorageClass): Issue[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies } = storageClass;
  const issues = [...provisionerIssues(provisioner, 'provisioner'), ...parameterIssues(parameters)];
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
    issues.push(notSupported('reclaimPolicy', reclaimPolicy, reclaimPolicies));
  }
  if (volumeBindingMode === undefined) issues.push(required('volumeBindingMode'));
  else if (!bindingModes.includes(volumeBindingMode)) {
    issues.push(notSupported('volumeBindingMode', volumeBindingMode, bindingModes));
  }
  return [...issues, ...topologyIssues(allowedTopologies ?? [])];
}

/** Who makes or changes volumes. */
export const provisionerIssues = (name: string | undefined, field: string): Issue[] =>
  name ? complain(field, name, (text) => isQualifiedName(text.toLowerCase())) : [required(field)];

const mostParameters = 512;
const largestParameters = 256 * 1024;

/** What a provisioner or a driver is told, of which the server only knows the size. */
export function parameterIssues(parameters: Readonly<Record<string, string>> | undefined): Issue[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > mostParameters) return [tooLong('parameters', mostParameters)];
  const issues = entries.flatMap(([key]) => (key ? [] : [invalid('parameters', key, 'field can not be empty.')]));
  const size = entries.reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0);
  return size > largestParameters ? [...issues, tooLong('parameters', largestParameters)] : issues;
}

/** Kubernetes compares every term with as many empty ones as there are terms, and with those before it. */
function topologyIssues(terms: readonly TopologySelectorTerm[]): Issue[] {
  const seen: Record<string, string[]>[] = terms.map(() => ({}));
  return terms.flatMap((term, i) => {
    const place = `allowedTopologies[${i}].matchLabelExpressions`;
    const expressions = term.matchLabelExpressions ?? [];
    const issues = expressions.flatMap(({ key, values }, j) => [
      ...valueIssues(values ?? [], `${place}[${j}].values`),
      ...complain(`${place}[${j}].key`, key ?? '', isQualifiedName),
      ...(expressions.findIndex((other) => other.key === key) < j ? [duplicate(`${place}[${j}].key`, key)] : []),
    ]);
    const values = Object.fromEntries(expressions.map((each) => [each.key, [...new Set(each.values ?? [])].sort()]));
    const again = seen.filter((other) => deepEqual(other, values)).map(() => duplicate(place, ''));
    seen.push(values);
    return [...issues, ...again];
  });
}

function valueIssues(values: readonly string[], place: string): Issue[] {
  if (values.length === 0) return [required(place)];
  return values.flatMap((value, i) => (values.indexOf(value) < i ? [duplicate(`${place}[${i}]`, value)] : []));
}

const fixed = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

const changeIssues = (next: StorageClass, previous: StorageClass): Issue[] =>
  fixed.flatMap((name) => (deepEqual(next[name], previous[name]) ? [] : [immutable(name, next[name])]));
