// What is wrong with what is said of a pod: by its kubelet, the scheduler, or whoever else writes its status.

import {
  type Issue,
  duplicate,
  forbiddenField,
  internalError,
  invalid,
  notSupported,
  required,
} from '../../../api/issues.ts';
import { parseIp } from '../../../base/ip.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isQualifiedName } from '../../../base/names.ts';
import { complain, immutable, isNumericId } from '../../checks.ts';
import type {
  Container,
  ContainerStatus,
  Pod,
  PodExtendedResourceClaimStatus,
  PodSpec,
  PodStatus,
} from '../../generated/types/core-v1.ts';
import { annotationChangeIssues, podAnnotationIssues } from '../../pod-spec/annotations.ts';
import { restartIssues } from './restarts.ts';

export function podStatusIssues(next: Pod, previous: Pod): Issue[] {
  const [now, before]: [PodStatus, PodStatus] = [next.status ?? {}, previous.status ?? {}];
  const issues = [
    ...annotationChangeIssues(next.metadata, previous.metadata, 'metadata.annotations'),
    ...podAnnotationIssues(next.metadata, next.spec, 'metadata.annotations'),
    ...conditionIssues(now),
    ...nominationIssues(now, before, previous.spec),
  ];
  if ((now.observedGeneration ?? 0) < 0) {
    issues.push(invalid('status.observedGeneration', now.observedGeneration, 'must be a non-negative integer'));
  }
  if (now.qosClass !== before.qosClass) issues.push(immutable('status.qosClass', now.qosClass));
  return [
    ...issues,
    ...restartIssues(next, previous),
    ...claimIssues(now, next.spec),
    ...extendedClaimIssues(now.extendedResourceClaimStatus, next.spec),
    ...podAddressIssues(now, before),
    ...hostAddressIssues(now, before),
    ...statusLists.flatMap((list) => userIssues(now[list] ?? [], `status.${list}`, next.spec)),
    ...healthIssues(now.containerStatuses ?? [], 'status.containerStatuses', next.spec.containers ?? []),
    ...healthIssues(now.initContainerStatuses ?? [], 'status.initContainerStatuses', next.spec.initContainers ?? []),
    ...noHealthIssues(now.ephemeralContainerStatuses ?? [], 'status.ephemeralContainerStatuses'),
  ];
}

const statusLists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

const ownConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

function conditionIssues({ conditions = [] }: PodStatus): Issue[] {
  return conditions.flatMap(({ type, observedGeneration = 0 }, i) => {
    const field = `status.conditions[${i}]`;
    const issues = ownConditions.has(type) ? [] : complain(`${field}.Type`, type, isQualifiedName);
    if (observedGeneration >= 0) return issues;
    return [invalid(`${field}.observedGeneration`, observedGeneration, 'must be a non-negative integer'), ...issues];
  });
}

/** A node to be is of no use to a pod that has one. */
function nominationIssues(now: PodStatus, before: PodStatus, spec: PodSpec): Issue[] {
  const { nominatedNodeName: name } = now;
  if (!name || name === before.nominatedNodeName) return [];
  const field = 'status.nominatedNodeName';
  const issues = complain(field, name, isDns1123Subdomain);
  if (spec.nodeName) issues.push(forbiddenField(field, 'may not be set on pods that are already bound to a node'));
  return issues;
}

function claimIssues({ resourceClaimStatuses = [] }: PodStatus, { resourceClaims = [] }: PodSpec): Issue[] {
  const seen = new Set<string>();
  return resourceClaimStatuses.flatMap(({ name, resourceClaimName }, i) => {
    const field = `status.resourceClaimStatuses[${i}].name`;
    const issues = resourceClaims.some((claim) => claim.name === name)
      ? []
      : [invalid(field, name, 'must match the name of an entry in `spec.resourceClaims`')];
    if (seen.has(name)) issues.push(duplicate(field, name));
    seen.add(name);
    if (resourceClaimName === undefined) return issues;
    return [...issues, ...complain(field, resourceClaimName, isDns1123Subdomain)];
  });
}

function extendedClaimIssues(status: PodExtendedResourceClaimStatus | undefined, spec: PodSpec): Issue[] {
  if (!status) return [];
  const field = 'status.extendedResourceClaimStatus';
  const { requestMappings: mappings = [], resourceClaimName: name } = status;
  const seen = new Set<string>();
  const issues =
    mappings.length > 0 ? [] : [required(`${field}.requestMappings`, 'at least one request mapping is required')];
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  mappings.forEach(({ containerName, resourceName, requestName }, i) => {
    const place = `${field}.requestMappings[${i}]`;
    const container = containers.findLast((each) => each.name === containerName);
    issues.push(...mappingIssues({ containerName, resourceName }, container, place));
    issues.push(...complain(`${field}.requestName`, requestName, isDns1123Label));
    const key = `${containerName}/${resourceName}`;
    if (seen.has(key)) {
      issues.push(duplicate(`${place}.containerName`, containerName), duplicate(`${place}.resourceName`, resourceName));
    }
    seen.add(key);
  });
  if (!name) return [...issues, required(`${field}.resourceClaimName`)];
  return [...issues, ...complain(`${field}.resourceClaimName`, name, isDns1123Subdomain)];
}

function mappingIssues(
  mapping: { readonly containerName: string; readonly resourceName: string },
  container: Container | undefined,
  field: string,
): Issue[] {
  if (!container) {
    const rule = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
    return [invalid(`${field}.containerName`, mapping.containerName, rule)];
  }
  if (container.resources?.requests?.[mapping.resourceName] !== undefined) return [];
  const rule =
    'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';
  return [invalid(`${field}.resourceName`, mapping.resourceName, rule)];
}

const podAddressIssues = ({ podIPs = [] }: PodStatus, before: PodStatus): Issue[] =>
  addressIssues(podIPs, before.podIPs, 'status.podIPs');

interface Address {
  readonly ip?: string;
}

/** Addresses that are new are plain ones; all together there is one of each family at most. */
function addressIssues(addresses: readonly Address[], before: readonly Address[] | undefined, field: string): Issue[] {
  const issues = addresses.flatMap(({ ip = '' }, i) =>
    before?.some((old) => old.ip === ip) ? [] : complain(`${field}[${i}]`, ip, isIp),
  );
  if (addresses.length < 2) return issues;
  const unread = addresses.findIndex(({ ip = '' }) => !parseIp(ip));
  if (unread >= 0) {
    const why = `invalid IP[${unread}]: ${addresses[unread]?.ip ?? ''}`;
    issues.push(internalError(field, `failed to check for dual stack with error:${why}`));
  }
  const families = new Set(addresses.map(({ ip = '' }) => parseIp(ip)?.family));
  if (unread < 0 && addresses.length === 2 && families.size === 2) return issues;
  const shown = addresses.map(({ ip = '' }) => ({ IP: ip }));
  return [...issues, invalid(field, shown, 'may specify no more than one IP for each IP family')];
}

function hostAddressIssues({ hostIP, hostIPs = [] }: PodStatus, before: PodStatus): Issue[] {
  const field = 'status.hostIPs';
  const issues = addressIssues(hostIPs, before.hostIPs, field);
  const [first] = hostIPs;
  if (!first || first.ip === (hostIP ?? '')) return issues;
  return [invalid(`${field}[0].ip`, first.ip ?? '', 'must be equal to `hostIP`'), ...issues];
}

/** As whom a container's first process runs, on Linux. */
function userIssues(statuses: readonly ContainerStatus[], list: string, { os }: PodSpec): Issue[] {
  return statuses.flatMap(({ user }, i) => {
    const field = `${list}[${i}].user.linux`;
    const linux = user?.linux;
    if (!linux) return [];
    if (os?.name === 'windows') return [forbiddenField(field, 'cannot be set for a windows pod')];
    return [
      ...complain(`${field}.uid`, linux.uid, isNumericId),
      ...complain(`${field}.gid`, linux.gid, isNumericId),
      ...(linux.supplementalGroups ?? []).flatMap((id, g) =>
        complain(`${field}.supplementalGroups[${g}]`, id, isNumericId),
      ),
    ];
  });
}

const healths = ['Healthy', 'Unhealthy', 'Unknown'];

/** How the devices do that a container asked for. */
function healthIssues(statuses: readonly ContainerStatus[], list: string, containers: readonly Container[]): Issue[] {
  return statuses.flatMap(({ name, allocatedResourcesStatus = [] }, i) => {
    const container = containers.find((each) => each.name === name);
    return allocatedResourcesStatus.flatMap((resource, j) => {
      const field = `${list}[${i}].allocatedResourcesStatus[${j}]`;
      const issues = container ? allocatedNameIssues(resource.name, container, `${field}.name`) : [];
      const seen = new Set<string>();
      for (const [k, { resourceID, health = '' }] of (resource.resources ?? []).entries()) {
        const place = `${field}.resources[${k}]`;
        if (!healths.includes(health)) issues.push(notSupported(`${place}.health`, health, healths));
        if (seen.has(resourceID)) issues.push(duplicate(`${place}.resourceID`, resourceID));
        seen.add(resourceID);
      }
      return issues;
    });
  });
}

function allocatedNameIssues(name: string, { resources }: Container, field: string): Issue[] {
  if (name.startsWith('claim:')) {
    const known = (resources?.claims ?? []).map(
      (claim) => `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`,
    );
    const rule =
      "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
    return known.includes(name) ? [] : [invalid(field, name, rule)];
  }
  const asked = resources?.requests?.[name] !== undefined;
  return asked ? [] : [invalid(field, name, "must match one of the container's resource requests")];
}

const noHealthIssues = (statuses: readonly ContainerStatus[], list: string): Issue[] =>
  statuses.flatMap(({ allocatedResourcesStatus = [] }, i) =>
    allocatedResourcesStatus.length > 0
      ? [forbiddenField(`${list}[${i}].allocatedResourcesStatus`, 'must not be specified in container status')]
      : [],
  );
