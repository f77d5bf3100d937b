// What is wrong with a pod, and with what is said of one.

import { type Issue, duplicate, forbiddenField, invalid } from '../../../api/issues.ts';
import { parseIp } from '../../../base/ip.ts';
import { isDns1123Subdomain, isQualifiedName, isSloppyIp } from '../../../base/names.ts';
import { complain, immutable } from '../../checks.ts';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/types/core-v1.ts';
import { podAnnotationIssues } from '../../pod-spec/annotations.ts';
import { paddedImageIssues } from '../../pod-spec/containers.ts';
import { validatePodSpec } from '../../pod-spec/validate.ts';

export function podIssues(pod: Pod): Issue[] {
  const issues = podContentIssues(pod);
  if ((pod.spec.ephemeralContainers ?? []).length > 0) {
    issues.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length > 0) {
    issues.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return issues;
}

/** What holds for new and for changed pods. */
export function podContentIssues({ metadata, spec }: Pod): Issue[] {
  return [
    ...podAnnotationIssues(metadata, spec, 'metadata.annotations', 'spec'),
    ...validatePodSpec(spec, 'spec', metadata),
    ...anonymousTokenIssues(spec),
    ...paddedImageIssues(spec.containers ?? [], 'spec.containers'),
    ...paddedImageIssues(spec.initContainers ?? [], 'spec.initContainers'),
  ];
}

/** Nobody has no token. */
function anonymousTokenIssues({ serviceAccountName, volumes = [] }: PodSpec): Issue[] {
  if (serviceAccountName) return [];
  const rule = 'must not be specified when serviceAccountName is not set';
  return volumes.flatMap(({ projected }, i) =>
    (projected?.sources ?? []).flatMap((source, j) =>
      source.serviceAccountToken
        ? [forbiddenField(`spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`, rule)]
        : [],
    ),
  );
}

export function podStatusIssues(next: Pod, previous: Pod): Issue[] {
  const [now, before]: [PodStatus, PodStatus] = [next.status ?? {}, previous.status ?? {}];
  const issues = conditionIssues(now);
  if ((now.observedGeneration ?? 0) < 0) {
    issues.push(invalid('status.observedGeneration', now.observedGeneration, 'must be a non-negative integer'));
  }
  if (now.nominatedNodeName && now.nominatedNodeName !== before.nominatedNodeName) {
    issues.push(...complain('status.nominatedNodeName', now.nominatedNodeName, isDns1123Subdomain));
  }
  if (now.qosClass !== before.qosClass) issues.push(immutable('status.qosClass', now.qosClass));
  issues.push(...restartIssues(next, previous));
  return [...issues, ...podAddressIssues(now), ...hostAddressIssues(now)];
}

const ownConditions = new Set(['PodScheduled', 'Ready', 'Initialized', 'ContainersReady', 'DisruptionTarget']);

function conditionIssues({ conditions = [] }: PodStatus): Issue[] {
  return conditions.flatMap(({ type, observedGeneration = 0 }, i) => {
    const field = `status.conditions[${i}]`;
    const issues = ownConditions.has(type) ? [] : complain(`${field}.Condition`, type, isQualifiedName);
    if (observedGeneration >= 0) return issues;
    return [...issues, invalid(`${field}.observedGeneration`, observedGeneration, 'must be a non-negative integer')];
  });
}

/** A container that has ended in a pod that does not restart it stays ended. */
function restartIssues(next: Pod, previous: Pod): Issue[] {
  const policy = previous.spec.restartPolicy;
  if (policy === 'Always') return [];
  const lists = [['containerStatuses', previous.spec.containers]] as const;
  return lists.flatMap(([list, containers]) => {
    const field = `status.${list}`;
    return (previous.status?.[list] ?? []).flatMap((before) => {
      const own = (containers ?? []).find(({ name }) => name === before.name);
      if (own?.restartPolicy !== undefined || !hasEnded(before, policy)) return [];
      const at = (next.status?.[list] ?? []).findIndex(({ name }) => name === before.name);
      const after = next.status?.[list]?.[at];
      if (!after || after.state?.terminated) return [];
      return [forbiddenField(`${field}[${at}].state`, 'may not be transitioned to non-terminated state')];
    });
  });
}

function hasEnded({ state }: ContainerStatus, policy: string | undefined): boolean {
  if (!state?.terminated) return false;
  return policy === 'Never' || state.terminated.exitCode === 0;
}

function podAddressIssues({ podIPs = [] }: PodStatus): Issue[] {
  const field = 'status.podIPs';
  const issues = podIPs.flatMap(({ ip }, i) => complain(`${field}[${i}]`, ip, isSloppyIp));
  return issues.length > 0 ? issues : familyIssues(podIPs, field);
}

function familyIssues(addresses: readonly { ip?: string }[], field: string): Issue[] {
  if (addresses.length < 2) return [];
  const families = new Set(addresses.map(({ ip = '' }) => parseIp(ip)?.family));
  const shown = addresses.map(({ ip }) => ({ IP: ip }));
  const issues =
    addresses.length > 2 || families.size < 2
      ? [invalid(field, shown, 'may specify no more than one IP for each IP family')]
      : [];
  addresses.forEach((address, i) => {
    const first = addresses.findIndex(({ ip }) => ip === address.ip);
    if (first < i) issues.push(duplicate(`${field}[${i}]`, shown[i]));
  });
  return issues;
}

function hostAddressIssues({ hostIP, hostIPs = [] }: PodStatus): Issue[] {
  const field = 'status.hostIPs';
  const issues: Issue[] = [];
  if (hostIPs.length > 0 && hostIPs[0]?.ip !== (hostIP ?? '')) {
    issues.push(invalid(`${field}[0].ip`, hostIPs[0]?.ip ?? '', 'must be equal to `hostIP`'));
  }
  issues.push(...hostIPs.flatMap(({ ip }, i) => complain(`${field}[${i}]`, ip, isSloppyIp)));
  return issues.length > 0 ? issues : familyIssues(hostIPs, field);
}
