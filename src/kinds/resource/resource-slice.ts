// ResourceSlice: devices that a driver offers, at one node or reachable from several.

import { formatTime } from '../../base/time.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import type { KindContext } from '../../api/kind.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  Device,
  DeviceAttribute,
  ResourceSliceSpec,
  ResourceSlice as Shape,
} from '../generated/types/resource-v1.ts';
import { nodeSelectorIssues } from '../pod-spec/scheduling.ts';
import { csiDriverIssues } from '../pod-spec/volume-sources.ts';
import { sliceConversions } from './older-versions.ts';
import { poolNameIssues } from './pool.ts';
import { devicesIssues } from './slice-devices.ts';

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
    dropDisabledFields,
    warnings: ({ spec: { driver = '' } }) =>
      driver === driver.toLowerCase()
        ? []
        : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`],
    validate: ({ spec }) => sliceIssues(spec),
    validateUpdate: ({ spec }, previous) => sliceIssues(spec, previous.spec),
    selectableFields: {
      'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
      'spec.driver': ({ spec }) => spec.driver,
    },
    columns: [
      nameColumn,
      textColumn('Node', specField('nodeName'), ({ spec }) => spec.nodeName ?? ''),
      textColumn('Driver', specField('driver'), ({ spec }) => spec.driver),
      textColumn('Pool', { type: 'io.k8s.api.resource.v1.ResourcePool', field: 'name' }, ({ spec }) => spec.pool.name),
      ageColumn,
    ],
  },
  { conversions: sliceConversions },
);

/** Fields of features that are off are forgotten, unless they were in use before. */
function dropDisabledFields(
  { spec }: ResourceSlice,
  previous: ResourceSlice | undefined,
  { enabled }: KindContext,
): void {
  const before = previous?.spec.devices ?? [];
  const mapped = enabled('DRANodeAllocatableResources') || before.some((each) => each.nodeAllocatableResourceMappings);
  const listed = enabled('DRAListTypeAttributes') || before.some((each) => attributesOf(each).some(hasList));
  for (const device of spec?.devices ?? []) {
    if (!mapped) delete device.nodeAllocatableResourceMappings;
    if (listed) continue;
    for (const attribute of attributesOf(device)) for (const list of lists) delete attribute[list];
  }
}

const lists = ['ints', 'bools', 'strings', 'versions'] as const;

const attributesOf = ({ attributes = {} }: Device): DeviceAttribute[] => Object.values(attributes);

const hasList = (attribute: DeviceAttribute): boolean => lists.some((list) => attribute[list] !== undefined);

function sliceIssues(spec: ResourceSliceSpec, previous?: ResourceSliceSpec): Issue[] {
  return [
    ...csiDriverIssues(spec.driver ?? '', 'spec.driver'),
    ...poolIssues(spec.pool),
    ...(previous ? fixedIssues(spec, previous) : []),
    ...nodeIssues(spec),
    ...devicesIssues(spec, previous),
  ];
}

function fixedIssues({ pool, driver, nodeName }: ResourceSliceSpec, previous: ResourceSliceSpec): Issue[] {
  return [
    ...(pool?.name === previous.pool?.name ? [] : [immutable('spec.pool.name', pool?.name)]),
    ...(driver === previous.driver ? [] : [immutable('spec.driver', driver)]),
    ...(nodeName === previous.nodeName ? [] : [immutable('spec.nodeName', nodeName)]),
  ];
}

/** Exactly one way to say which nodes reach the devices. */
function nodeIssues({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: ResourceSliceSpec): Issue[] {
  const ways: string[] = [];
  const issues: Issue[] = [];
  if (nodeName) {
    ways.push('`nodeName`');
    issues.push(...complain('spec.nodeName', nodeName, isDns1123Subdomain));
  } else if (nodeName === '') {
    issues.push(invalid('spec.nodeName', nodeName, 'must be either unset or set to a non-empty string'));
  }
  if (nodeSelector) {
    ways.push('`nodeSelector`');
    issues.push(...nodeSelectorIssues(nodeSelector, 'spec.nodeSelector'));
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      const shown = nodeSelector.nodeSelectorTerms ?? null;
      issues.push(invalid('spec.nodeSelector.nodeSelectorTerms', shown, 'must have exactly one node selector term'));
    }
  }
  for (const [name, flag] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (flag) ways.push(`\`${name}\``);
    else if (flag === false) issues.push(invalid(`spec.${name}`, flag, 'must be either unset or set to true'));
  }
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (ways.length === 0) issues.push(required('spec', rule));
  if (ways.length > 1) issues.push(invalid('spec', `{${ways.join(', ')}}`, `${rule}, but multiple fields are set`));
  return issues;
}

function poolIssues(pool: ResourceSliceSpec['pool'] | undefined): Issue[] {
  const { name = '', generation = 0, resourceSliceCount: count = 0 } = pool ?? {};
  const issues = poolNameIssues(name, 'spec.pool.name');
  if (count <= 0) issues.push(invalid('spec.pool.resourceSliceCount', count, 'must be greater than zero'));
  if (generation < 0) issues.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'));
  return issues;
}
