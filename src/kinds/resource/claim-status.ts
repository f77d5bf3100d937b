// What is wrong with what is said of a claim's devices: they are given once, and used only when they are given.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, duplicate, forbiddenField, invalid, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import type {
  AllocationResult,
  DeviceRequestAllocationResult,
  ResourceClaim as Shape,
} from '../generated/types/resource-v1.ts';
import { nodeSelectorIssues } from '../pod-spec/scheduling.ts';
import { requestNames } from './devices.ts';

export function claimStatusIssues({ spec, status }: Shape, previous: Shape): Issue[] {
  const reserved = status?.reservedFor ?? [];
  const issues: Issue[] = [];
  if (status?.allocation) {
    const names = requestNames(spec.devices);
    if (!previous.status?.allocation) issues.push(...allocationIssues(status.allocation, names, 'status.allocation'));
    else if (!deepEqual(status.allocation, previous.status.allocation)) {
      issues.push(immutable('status.allocation', internalAllocation(status.allocation)));
    }
  } else if (reserved.length > 0) {
    issues.push(forbiddenField('status.reservedFor', 'may not be specified when `allocated` is not set'));
  }
  reserved.forEach(({ resource, name, uid }, i) => {
    const field = `status.reservedFor[${i}]`;
    if (reserved.findIndex((other) => other.uid === uid) < i) issues.push(duplicate(field, uid));
    if (!resource) issues.push(required(`${field}.resource`));
    if (!name) issues.push(required(`${field}.name`));
    if (!uid) issues.push(required(`${field}.uid`));
  });
  return issues;
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

const unknownRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

function allocationIssues(
  { devices, nodeSelector }: AllocationResult,
  names: ReadonlySet<string>,
  field: string,
): Issue[] {
  const issues = (devices?.results ?? []).flatMap(({ request, driver, pool, device }, i) => {
    const place = `${field}.devices.results[${i}]`;
    return [
      ...(names.has(request) ? [] : [invalid(`${place}.request`, request ?? '', unknownRequest)]),
      ...(driver ? complain(`${place}.driver`, driver, isDns1123Subdomain) : [required(`${place}.driver`)]),
      ...(pool
        ? pool.split('/').flatMap((part) => complain(`${place}.pool`, part, isDns1123Subdomain))
        : [required(`${place}.pool`)]),
      ...complain(`${place}.device`, device ?? '', isDns1123Label),
    ];
  });
  (devices?.config ?? []).forEach(({ source }, i) => {
    if (!source) issues.push(required(`${field}.devices.config[${i}].source`));
  });
  return nodeSelector ? [...issues, ...nodeSelectorIssues(nodeSelector, `${field}.nodeSelector`)] : issues;
}
