// What is wrong with a pod spec as a whole, of a pod or of a template.

import { type Issue, duplicate, forbiddenField, invalid, notFoundValue, required, tooLong } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isDns1123SubdomainWithUnderscore,
  isIp,
  isQualifiedName,
} from '../../base/names.ts';
import { complain, labelIssues, notListed } from '../checks.ts';
import type {
  HostAlias,
  PodDNSConfig,
  PodReadinessGate,
  PodResourceClaim,
  PodSpec,
} from '../generated/types/core-v1.ts';
import { mirrorAnnotation } from './annotations.ts';
import { containersIssues } from './containers.ts';
import { podResourceIssues, quantityIssues, resourceNameIssues } from './resources.ts';
import { affinityIssues, schedulingGateIssues, spreadIssues, tolerationIssues } from './scheduling.ts';
import {
  everyContainer,
  hostPortIssues,
  hostProcessIssues,
  operatingSystemIssues,
  podSecurityIssues,
  userNamespaceIssues,
} from './security.ts';
import { volumeIssues } from './volumes.ts';

/** `meta` is the pod's, or nothing for a template: some names are made of both. */
export function validatePodSpec(spec: PodSpec, field: string, meta?: ObjectMeta): Issue[] {
  return [
    ...volumeIssues(spec.volumes ?? [], `${field}.volumes`, meta),
    ...resourceClaimIssues(spec.resourceClaims ?? [], `${field}.resourceClaims`, meta),
    ...containersIssues(spec, field),
    ...podResourceIssues(spec, `${field}.resources`),
    ...hostPortIssues(spec, field),
    ...restartPolicyIssues(spec.restartPolicy, `${field}.restartPolicy`),
    ...dnsPolicyIssues(spec.dnsPolicy, `${field}.dnsPolicy`),
    ...labelIssues(spec.nodeSelector, `${field}.nodeSelector`),
    ...podSecurityIssues(spec, field),
    ...affinityIssues(spec.affinity, `${field}.affinity`, meta?.labels),
    ...dnsConfigIssues(spec.dnsConfig, spec.dnsPolicy, `${field}.dnsConfig`),
    ...readinessGateIssues(spec.readinessGates ?? [], `${field}.readinessGates`),
    ...schedulingGateIssues(spec.schedulingGates ?? [], `${field}.schedulingGates`),
    ...spreadIssues(spec.topologySpreadConstraints ?? [], `${field}.topologySpreadConstraints`, meta?.labels),
    ...hostProcessIssues(spec, field),
    ...userNamespaceIssues(spec, field),
    ...hostnameOverrideIssues(spec, `${field}.hostnameOverride`),
    ...nameIssues(spec, field),
    ...tolerationIssues(spec.tolerations ?? [], `${field}.tolerations`),
    ...hostAliasIssues(spec.hostAliases ?? [], `${field}.hostAliases`),
    ...classIssues(spec, field),
    ...operatingSystemIssues(spec, field),
    ...keyFileIssues(spec, field),
  ];
}

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

const listed = (value: string | undefined, field: string, choices: readonly string[]): Issue[] => {
  if (!value) return [required(field)];
  return choices.includes(value) ? [] : [notListed(field, value, choices)];
};

const restartPolicyIssues = (policy: string | undefined, field: string) => listed(policy, field, restartPolicies);
const dnsPolicyIssues = (policy: string | undefined, field: string) => listed(policy, field, dnsPolicies);

function dnsConfigIssues(config: PodDNSConfig | undefined, policy: string | undefined, field: string): Issue[] {
  if (policy === 'None' && !config) {
    return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  }
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  if (policy === 'None' && nameservers.length === 0) {
    return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  return [
    ...(nameservers.length > 3
      ? [invalid(`${field}.nameservers`, nameservers, 'must not have more than 3 nameservers')]
      : []),
    ...nameservers.flatMap((address, i) => complain(`${field}.nameservers[${i}]`, address, isIp)),
    ...searchIssues(searches, `${field}.searches`),
    ...options.flatMap((option, i) => (option.name ? [] : [required(`${field}.options[${i}]`, 'must not be empty')])),
  ];
}

function searchIssues(searches: readonly string[], field: string): Issue[] {
  const issues: Issue[] = [];
  if (searches.length > 32) issues.push(invalid(field, searches, 'must not have more than 32 search paths'));
  if (searches.join(' ').length > 2048) {
    const rule = 'must not have more than 2048 characters (including spaces) in the search list';
    issues.push(invalid(field, searches, rule));
  }
  searches.forEach((search, i) => {
    if (search === '.') return;
    const name = search.replace(/\.$/, '');
    issues.push(...complain(`${field}[${i}]`, name, isDns1123SubdomainWithUnderscore));
  });
  return issues;
}

const readinessGateIssues = (gates: readonly PodReadinessGate[], field: string): Issue[] =>
  gates.flatMap(({ conditionType }, i) => complain(`${field}[${i}].conditionType`, conditionType, isQualifiedName));

function nameIssues(spec: PodSpec, field: string): Issue[] {
  const { serviceAccountName, nodeName, activeDeadlineSeconds: deadline, hostname, subdomain } = spec;
  const issues: Issue[] = [];
  if (serviceAccountName) {
    issues.push(...complain(`${field}.serviceAccountName`, serviceAccountName, isDns1123Subdomain));
  }
  if (nodeName) issues.push(...complain(`${field}.nodeName`, nodeName, isDns1123Subdomain));
  if (deadline !== undefined && (deadline < 1 || deadline > 2_147_483_647)) {
    const rule = 'must be between 1 and 2147483647, inclusive';
    issues.push(invalid(`${field}.activeDeadlineSeconds`, deadline, rule));
  }
  if (hostname) issues.push(...complain(`${field}.hostname`, hostname, isDns1123Label));
  if (subdomain) issues.push(...complain(`${field}.subdomain`, subdomain, isDns1123Label));
  return issues;
}

function hostnameOverrideIssues(spec: PodSpec, field: string): Issue[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const issues: Issue[] = [];
  if (spec.setHostnameAsFQDN) issues.push(forbiddenField(field, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) issues.push(forbiddenField(field, 'may not be specified when hostNetwork is true'));
  if (name.length > 64) issues.push(tooLong(field, 64));
  return [...issues, ...complain(field, name, isDns1123Subdomain)];
}

const hostAliasIssues = (aliases: readonly HostAlias[], field: string): Issue[] =>
  aliases.flatMap(({ ip, hostnames = [] }, i) => [
    ...complain(`${field}[${i}].ip`, ip ?? '', isIp),
    ...hostnames.flatMap((name, j) => complain(`${field}[${i}].hostnames[${j}]`, name, isDns1123Subdomain)),
  ]);

function classIssues(spec: PodSpec, field: string): Issue[] {
  const { priorityClassName, runtimeClassName, preemptionPolicy, overhead = {} } = spec;
  const issues: Issue[] = [];
  if (priorityClassName) {
    issues.push(...complain(`${field}.priorityClassName`, priorityClassName, isDns1123Subdomain));
  }
  if (runtimeClassName !== undefined) {
    issues.push(...complain(`${field}.runtimeClassName`, runtimeClassName, isDns1123Subdomain));
  }
  if (preemptionPolicy !== undefined) {
    issues.push(...listed(preemptionPolicy, `${field}.preemptionPolicy`, ['PreemptLowerPriority', 'Never']));
  }
  for (const [name, quantity] of Object.entries(overhead ?? {})) {
    const place = `${field}.overhead.limits[${name}]`;
    issues.push(...resourceNameIssues(name, place), ...quantityIssues(name, quantity, place));
  }
  return issues;
}

function resourceClaimIssues(
  claims: readonly PodResourceClaim[],
  field: string,
  meta: ObjectMeta | undefined,
): Issue[] {
  if (meta?.annotations?.[mirrorAnnotation] !== undefined) {
    return claims.map(() => forbiddenField('[]', 'static pods do not support resource claims'));
  }
  const names = new Set<string>();
  return claims.flatMap((claim, i) => {
    const place = `${field}[${i}]`;
    const issues = claim.name ? [] : [required(`${place}.name`)];
    if (claim.name) {
      if (names.has(claim.name)) issues.push(duplicate(`${place}.name`, claim.name));
      else issues.push(...complain(`${place}.name`, claim.name, isDns1123Label));
      names.add(claim.name);
    }
    return [...issues, ...claimSourceIssues(claim, place)];
  });
}

/** Files that variables come from lie in a volume that containers share. */
function keyFileIssues(spec: PodSpec, field: string): Issue[] {
  const { volumes = [] } = spec;
  return everyContainer(spec, field).flatMap(([{ env = [] }, place]) =>
    env.flatMap(({ valueFrom }, i) => {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (name === undefined) return [];
      const at = `${place}.env[${i}].valueFrom.fileKeyRef.volumeName`;
      const volume = volumes.find((each) => each.name === name);
      if (!volume) return [notFoundValue(at, name)];
      return volume.emptyDir ? [] : [invalid(at, name, 'referenced volume must be of type emptyDir')];
    }),
  );
}

function claimSourceIssues(claim: PodResourceClaim, field: string): Issue[] {
  const { resourceClaimName, resourceClaimTemplateName } = claim;
  const rule = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    return [
      invalid(field, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
    ];
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) return [invalid(field, claim, rule)];
  return [
    ...(resourceClaimName === undefined
      ? []
      : complain(`${field}.resourceClaimName`, resourceClaimName, isDns1123Subdomain)),
    ...(resourceClaimTemplateName === undefined
      ? []
      : complain(`${field}.resourceClaimTemplateName`, resourceClaimTemplateName, isDns1123Subdomain)),
  ];
}
