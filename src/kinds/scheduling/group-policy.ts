// What is wrong with how a group of pods is to be scheduled: what pod groups and the templates for them have in common.

import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required, tooMany } from '../../api/issues.ts';
import type { KindContext } from '../../api/kind.ts';
import { complain } from '../checks.ts';
import type {
  PodGroupResourceClaim,
  PodGroupSchedulingConstraints,
  PodGroupSchedulingPolicy,
  PodGroupTemplate,
} from '../generated/types/scheduling-v1alpha2.ts';

const mostClaims = 4;
const mostTopologies = 1;

/** A name that must be there, and look so. */
export const nameIssues = (
  name: string | undefined,
  field: string,
  check: (name: string) => string[] = isDns1123Subdomain,
): Issue[] => (name ? complain(field, name, check) : [required(field)]);

/** Exactly one of a few members, as Kubernetes' declared unions say it. */
export function oneOf(members: Readonly<Record<string, unknown>>, field: string): Issue[] {
  const names = Object.keys(members);
  const given = names.filter((name) => members[name] !== undefined && members[name] !== null);
  const all = names.map((name) => `\`${name}\``).join(', ');
  if (given.length === 0) return [invalid(field, '', `must specify one of: ${all}`)];
  if (given.length === 1) return [];
  return [invalid(field, `{${given.join(', ')}}`, `must specify exactly one of: ${all}`)];
}

export function policyIssues(policy: PodGroupSchedulingPolicy | undefined, field: string): Issue[] {
  const { basic, gang } = policy ?? {};
  const issues = oneOf({ basic, gang }, field);
  if (!gang) return issues;
  const count = gang.minCount ?? 0;
  const place = `${field}.gang.minCount`;
  if (count === 0) return [...issues, required(place)];
  return count < 0 ? [...issues, invalid(place, count, 'must be greater than or equal to 1')] : issues;
}

export function constraintsIssues(constraints: PodGroupSchedulingConstraints | undefined, field: string): Issue[] {
  const topology = constraints?.topology ?? [];
  if (topology.length > mostTopologies) return [tooMany(`${field}.topology`, topology.length, mostTopologies)];
  return topology.flatMap(({ key }, i) => nameIssues(key, `${field}.topology[${i}].key`, isQualifiedName));
}

export function claimsIssues(claims: readonly PodGroupResourceClaim[] | undefined, field: string): Issue[] {
  const all = claims ?? [];
  if (all.length > mostClaims) return [tooMany(field, all.length, mostClaims)];
  return [...repeatedNames(all, field), ...all.flatMap((claim, i) => claimIssues(claim, `${field}[${i}]`))];
}

/** Entries of one name, which shows the later one whole. */
export const repeatedNames = (entries: readonly { readonly name?: string }[], field: string): Issue[] =>
  entries.flatMap((entry, i) =>
    entries.findIndex(({ name }) => name === entry.name) < i ? [duplicate(`${field}[${i}]`, entry)] : [],
  );

function claimIssues(claim: PodGroupResourceClaim, field: string): Issue[] {
  const { resourceClaimName, resourceClaimTemplateName } = claim;
  return [
    ...oneOf({ resourceClaimName, resourceClaimTemplateName }, field),
    ...nameIssues(claim.name, `${field}.name`, isDns1123Label),
    ...(resourceClaimName === undefined
      ? []
      : complain(`${field}.resourceClaimName`, resourceClaimName, isDns1123Subdomain)),
    ...(resourceClaimTemplateName === undefined
      ? []
      : complain(`${field}.resourceClaimTemplateName`, resourceClaimTemplateName, isDns1123Subdomain)),
  ];
}

type Preemptible = Pick<PodGroupTemplate, 'disruptionMode' | 'priority' | 'priorityClassName'>;

const disruptionModes = ['Pod', 'PodGroup'];
const highestPriority = 1_000_000_000;

export function preemptionIssues({ disruptionMode, priorityClassName, priority }: Preemptible, field: string): Issue[] {
  const issues: Issue[] = [];
  if (disruptionMode !== undefined && !disruptionModes.includes(disruptionMode)) {
    issues.push(notSupported(`${field}.disruptionMode`, disruptionMode, disruptionModes));
  }
  if (priorityClassName) issues.push(...complain(`${field}.priorityClassName`, priorityClassName, isDns1123Subdomain));
  if (priority !== undefined && priority > highestPriority) {
    issues.push(invalid(`${field}.priority`, priority, `must be less than or equal to ${highestPriority}`));
  }
  return issues;
}

type Group = Preemptible & Pick<PodGroupTemplate, 'resourceClaims' | 'schedulingConstraints'>;

/** Takes out the fields of features that are off, but for those that were there before. */
export function dropDisabled(group: Group | undefined, before: Group | undefined, { enabled }: KindContext): void {
  if (!group) return;
  if (!enabled('TopologyAwareWorkloadScheduling') && !before?.schedulingConstraints) delete group.schedulingConstraints;
  if (!enabled('DRAWorkloadResourceClaims') && !before?.resourceClaims?.length) delete group.resourceClaims;
  if (enabled('WorkloadAwarePreemption')) return;
  if (before?.disruptionMode === undefined) delete group.disruptionMode;
  if (!before?.priorityClassName) delete group.priorityClassName;
  if (before?.priority === undefined) delete group.priority;
}
