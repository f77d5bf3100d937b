// IPAddress: an address that is taken, and by whom. Its name is the address.

import { deepEqual } from '../../base/equal.ts';
import { isCanonicalIp, isDns1123Subdomain, isPathSegmentName } from '../../base/names.ts';
import { type Issue, required } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ParentReference, IPAddress as Shape } from '../generated/types/networking-v1.ts';

export type IPAddress = Shape;

const parentText =
  'ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.';

export const IPAddress = defineKind<IPAddress>('networking.k8s.io/v1', 'IPAddress', {
  nameRule: 'pathSegment',
  keepsGenerateName: true,
  generation: 'none',
  validate: ({ metadata, spec }) => [...nameIssues(metadata), ...parentIssues(spec?.parentRef)],
  validateUpdate: ({ metadata, spec }, previous) => [
    ...nameIssues(metadata),
    ...parentIssues(spec?.parentRef),
    ...(deepEqual(spec?.parentRef, previous.spec.parentRef)
      ? []
      : [immutable('spec.parentRef', internalParent(spec?.parentRef))]),
  ],
  columns: [
    nameColumn,
    textColumn('ParentRef', parentText, ({ spec }) => parentCell(spec?.parentRef)),
    { ...ageColumn, untold: true },
  ],
});

/** Without the name's characters that any object may have. */
const nameIssues = ({ generateName, name = '' }: ObjectMeta): Issue[] => [
  ...(generateName ? complain('metadata.generateName', generateName, isCanonicalIp) : []),
  ...complain('metadata.name', name, isCanonicalIp),
];

function parentIssues(parent: ParentReference | undefined): Issue[] {
  const field = 'spec.parentRef';
  if (!parent) return [required(field)];
  const part = (name: 'resource' | 'name') =>
    parent[name] ? complain(`${field}.${name}`, parent[name], isPathSegmentName) : [required(`${field}.${name}`)];
  return [
    ...(parent.group ? complain(`${field}.group`, parent.group, isDns1123Subdomain) : []),
    ...part('resource'),
    ...part('name'),
    ...(parent.namespace ? complain(`${field}.namespace`, parent.namespace, isPathSegmentName) : []),
  ];
}

const internalParent = (parent: ParentReference | undefined) =>
  parent && {
    Group: parent.group ?? '',
    Resource: parent.resource ?? '',
    Namespace: parent.namespace ?? '',
    Name: parent.name ?? '',
  };

function parentCell(parent: ParentReference | undefined): string {
  if (!parent) return '<none>';
  const { group, resource = '', namespace, name = '' } = parent;
  return [group ? `${resource}.${group}` : resource, ...(namespace ? [namespace] : []), name].join('/');
}
