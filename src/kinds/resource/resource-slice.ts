// ResourceSlice: devices that a driver offers, at one node or reachable from several.

import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { formatTime } from '../../base/time.ts';
import { type Issue, duplicate, invalid, required, tooMany } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ResourceSliceSpec, ResourceSlice as Shape } from '../generated/types/resource-v1.ts';
import { sliceConversions } from './older-versions.ts';

export type ResourceSlice = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.resource.v1.ResourceSliceSpec', field });

export const ResourceSlice = defineKind<ResourceSlice>(
  'resource.k8s.io/v1',
  'ResourceSlice',
  {
    returnsDeleted: true,
    generation: 'spec',
    applyContextDefaults({ spec }, { now }) {
      for (const { taints } of spec?.devices ?? [])
        for (const taint of taints ?? []) taint.timeAdded ??= formatTime(now());
    },
    validate: ({ spec }) => sliceIssues(spec),
    validateUpdate: ({ spec }, previous) => [
      ...sliceIssues(spec),
      ...(spec.driver === previous.spec.driver ? [] : [immutable('spec.driver', spec.driver)]),
      ...(spec.pool?.name === previous.spec.pool?.name ? [] : [immutable('spec.pool.name', spec.pool?.name)]),
      ...(spec.nodeName === previous.spec.nodeName ? [] : [immutable('spec.nodeName', spec.nodeName)]),
    ],
    selectableFields: {
      'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
      'spec.driver': ({ spec }) => spec.driver,
    },
    columns: [
      nameColumn,
      textColumn('Node', specField('nodeName'), ({ spec }) => spec.nodeName || '<none>'),
      textColumn('Driver', specField('driver'), ({ spec }) => spec.driver),
      textColumn('Pool', { type: 'io.k8s.api.resource.v1.ResourcePool', field: 'name' }, ({ spec }) => spec.pool.name),
      ageColumn,
    ],
  },
  { conversions: sliceConversions },
);

const mostDevices = 128;

function sliceIssues(spec: ResourceSliceSpec | undefined): Issue[] {
  const { driver = '', pool, nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec ?? {};
  const issues = driver ? complain('spec.driver', driver, isDns1123Subdomain) : [required('spec.driver')];
  issues.push(...poolIssues(pool));
  const reached = [
    nodeName !== undefined,
    nodeSelector !== undefined,
    allNodes === true,
    perDeviceNodeSelection === true,
  ];
  const ways = reached.filter(Boolean).length;
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (ways === 0) issues.push(required('spec', rule));
  if (ways > 1) issues.push(invalid('spec', null, `${rule}, but multiple fields are set`));
  if (nodeName !== undefined) issues.push(...complain('spec.nodeName', nodeName, isDns1123Subdomain));
  return [...issues, ...deviceIssues(spec?.devices ?? [])];
}

function poolIssues(pool: ResourceSliceSpec['pool'] | undefined): Issue[] {
  const { name = '', generation = 0, resourceSliceCount: count = 0 } = pool ?? {};
  const issues = name
    ? name.split('/').flatMap((part) => complain('spec.pool.name', part, isDns1123Subdomain))
    : [required('spec.pool.name')];
  if (count <= 0) issues.push(invalid('spec.pool.resourceSliceCount', count, 'must be greater than zero'));
  if (generation < 0) issues.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'));
  return issues;
}

function deviceIssues(devices: NonNullable<ResourceSliceSpec['devices']>): Issue[] {
  if (devices.length > mostDevices) return [tooMany('spec.devices', devices.length, mostDevices)];
  return devices.flatMap(({ name = '' }, i) => {
    const issues = complain(`spec.devices[${i}].name`, name, isDns1123Label);
    const again = devices.findIndex((other) => other.name === name) < i;
    return again ? [...issues, duplicate(`spec.devices[${i}]`, name)] : issues;
  });
}
