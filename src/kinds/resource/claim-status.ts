// What is wrong with what is said of a claim's devices: they are given once, and used only when they are given.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label } from '../../base/names.ts';
import { type Issue, forbiddenField, notSupported, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import type {
  AllocationResult,
  DeviceRequestAllocationResult,
  ResourceClaim as Shape,
} from '../generated/types/resource-v1.ts';
import { nodeSelectorIssues } from '../pod-spec/scheduling.ts';
import { csiDriverIssues } from '../pod-spec/volume-sources.ts';
import { reportedDevicesIssues, shareIssues } from './claim-devices.ts';
import { knownRequestIssue, knownRequestIssues, opaqueIssues, requestNames } from './devices.ts';
import { poolNameIssues } from './pool.ts';
import { limited, setIssues } from './sets.ts';
import { bindingIssues } from './slice-devices.ts';

const mostReserved = 256;
const mostResults = 32;
const mostConfigs = 64;

export function claimStatusIssues({ metadata, spec, status }: Shape, previous: Shape): Issue[] {
  const { allocation, reservedFor: reserved = [], devices = [] } = status ?? {};
  const before = previous.status ?? {};
  const issues = setIssues(reserved, mostReserved, 'status.reservedFor', {
    key: ({ uid }) => uid,
    check: ({ resource, name, uid }, field) => [
      ...(resource ? [] : [required(`${field}.resource`)]),
      ...(name ? [] : [required(`${field}.name`)]),
      ...(uid ? [] : [required(`${field}.uid`)]),
    ],
  });
  issues.push(...reportedDevicesIssues(devices, allocation, 'status.devices'));
  if (reserved.length > 0 && !allocation) {
    issues.push(forbiddenField('status.reservedFor', 'may not be specified when `allocated` is not set'));
  }
  const added = reserved.some((one) => !(before.reservedFor ?? []).some((other) => deepEqual(one, other)));
  if (metadata.deletionTimestamp && allocation && added) {
    const rule = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
    issues.push(forbiddenField('status.reservedFor', rule));
  }
  if (!allocation) return issues;
  if (!before.allocation) {
    return [...issues, ...allocationIssues(allocation, requestNames(spec.devices), 'status.allocation')];
  }
  if (deepEqual(allocation, before.allocation)) return issues;
  return [...issues, immutable('status.allocation', internalAllocation(allocation))];
}

/** As Kubernetes holds it inside, where refusals show that form. */
const internalAllocation = ({ devices, nodeSelector, allocationTimestamp }: AllocationResult): object => ({
  Devices: {
    Results: devices?.results?.map(internalResult) ?? null,
    Config: devices?.config ?? null,
  },
  NodeSelector: nodeSelector ?? null,
  AllocationTimestamp: allocationTimestamp ?? null,
});

const internalResult = (result: DeviceRequestAllocationResult): object => ({
  Request: result.request,
  Driver: result.driver,
  Pool: result.pool,
  Device: result.device,
  AdminAccess: result.adminAccess ?? null,
  Tolerations: result.tolerations ?? null,
  BindingConditions: result.bindingConditions ?? null,
  BindingFailureConditions: result.bindingFailureConditions ?? null,
  ShareID: result.shareID ?? null,
  ConsumedCapacity: result.consumedCapacity ?? null,
});

function allocationIssues(
  { devices, nodeSelector }: AllocationResult,
  names: ReadonlySet<string>,
  field: string,
): Issue[] {
  const { results = [], config = [] } = devices ?? {};
  return [
    ...limited(results, mostResults, `${field}.devices.results`, (result, place) => resultIssues(result, names, place)),
    ...limited(config, mostConfigs, `${field}.devices.config`, ({ source, requests, opaque }, place) => [
      ...sourceIssues(source, `${place}.source`),
      ...knownRequestIssues(requests, names, place),
      ...opaqueIssues(opaque, `${place}.opaque`),
    ]),
    ...(nodeSelector ? nodeSelectorIssues(nodeSelector, `${field}.nodeSelector`) : []),
  ];
}

function resultIssues(result: DeviceRequestAllocationResult, names: ReadonlySet<string>, field: string): Issue[] {
  const { request = '', driver = '', pool = '', device = '', shareID } = result;
  return [
    ...knownRequestIssue(request, names, `${field}.request`),
    ...csiDriverIssues(driver, `${field}.driver`),
    ...poolNameIssues(pool, `${field}.pool`),
    ...complain(`${field}.device`, device, isDns1123Label),
    ...bindingIssues(result, field),
    ...(shareID === undefined ? [] : shareIssues(shareID, `${field}.shareID`)),
  ];
}

const sources = ['FromClaim', 'FromClass'];

function sourceIssues(source: string | undefined, field: string): Issue[] {
  if (!source) return [required(field)];
  return sources.includes(source) ? [] : [notSupported(field, source, sources)];
}
