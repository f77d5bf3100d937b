// Which families of addresses a Service is of: as asked for, as it was before, and as the cluster has them.

import { deepEqual } from '../../base/equal.ts';
import { parseIp } from '../../base/ip.ts';
import { invalid, invalidObject, type Issue } from '../../api/issues.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { Draft } from '../draft.ts';

export type ServiceDraft = Draft & Service;
export type Family = 'IPv4' | 'IPv6';

export const familyOf = (address: string): Family => (parseIp(address)?.family === 6 ? 'IPv6' : 'IPv4');

export const hasCluster = ({ spec }: Service): boolean => spec.type !== 'ExternalName';

export const isWithoutAddress = ({ spec }: Service): boolean =>
  spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';

const isHeadlessWithoutSelector = ({ spec }: Service): boolean =>
  spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;

const other = (family: string | undefined): Family => (family === 'IPv4' ? 'IPv6' : 'IPv4');

/**
 * Completes policy and families; `configured` are those of the cluster, the first one being its default.
 * @throws ApiError where they do not go together
 */
export function completeFamilies(
  service: ServiceDraft,
  before: Service | undefined,
  configured: readonly Family[],
): void {
  if (!hasCluster(service) || (before && staysAsItIs(service, before))) return;
  const { spec } = service;
  spec.ipFamilyPolicy ??=
    before?.spec.ipFamilyPolicy ?? (isHeadlessWithoutSelector(service) ? 'RequireDualStack' : 'SingleStack');
  if (before) downgrade(spec, before.spec);
  refuse(service, [...reductionIssues(spec, before?.spec), ...countIssues(spec), ...inferFamilies(spec, configured)]);

  if (!isHeadlessWithoutSelector(service)) refuse(service, configurationIssues(spec, configured));
  if (!spec.ipFamilies?.length) spec.ipFamilies = [configured[0] ?? 'IPv4'];
  // Without an address and without a selector, a Service may be of families that the cluster does not have.
  const both = configured.length > 1 || isHeadlessWithoutSelector(service);
  const [first, second] = spec.ipFamilies;
  if (spec.ipFamilyPolicy !== 'SingleStack' && second === undefined && both)
    spec.ipFamilies = [first as Family, other(first)];
}

function refuse(service: Service, issues: readonly Issue[]): void {
  if (issues.length > 0) throw invalidObject('Service', '', service.metadata.name ?? '', issues);
}

const sameAddresses = (a: Service['spec'], b: Service['spec']): boolean =>
  deepEqual(a.clusterIPs ?? [], b.clusterIPs ?? []);

const sameFamilies = (a: Service['spec'], b: Service['spec']): boolean =>
  deepEqual(a.ipFamilies ?? [], b.ipFamilies ?? []);

/** One that prefers two families gets no other because the cluster has changed meanwhile. */
const staysAsItIs = ({ spec }: Service, { spec: old }: Service): boolean =>
  old.type === spec.type &&
  spec.ipFamilyPolicy === 'PreferDualStack' &&
  (old.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' &&
  sameAddresses(spec, old) &&
  sameFamilies(spec, old);

/** Who asks for one family, and changes nothing else, gives the second up. */
function downgrade(spec: ServiceDraft['spec'], old: Service['spec']): void {
  if (spec.ipFamilyPolicy !== 'SingleStack') return;
  const [addresses, families] = [sameAddresses(spec, old), sameFamilies(spec, old)];
  if (addresses && (spec.clusterIPs?.length ?? 0) > 1) spec.clusterIPs = spec.clusterIPs?.slice(0, 1) ?? [];
  if (families && (spec.ipFamilies?.length ?? 0) > 1) spec.ipFamilies = spec.ipFamilies?.slice(0, 1) ?? [];
}

const policyIssue = (spec: Service['spec'], rule: string): Issue =>
  invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, rule);

function reductionIssues(spec: Service['spec'], old: Service['spec'] | undefined): Issue[] {
  if (!old || spec.ipFamilyPolicy === 'SingleStack') return [];
  const reduced = (of: 'clusterIPs' | 'ipFamilies') => {
    const count = spec[of]?.length ?? 0;
    return count > 0 && count < (old[of]?.length ?? 0);
  };
  return [
    ...(reduced('clusterIPs') ? [policyIssue(spec, "must be 'SingleStack' to release the secondary cluster IP")] : []),
    ...(reduced('ipFamilies') ? [policyIssue(spec, "must be 'SingleStack' to release the secondary IP family")] : []),
  ];
}

function countIssues(spec: Service['spec']): Issue[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const rule = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  return [
    ...(spec.clusterIPs?.length === 2 ? [policyIssue(spec, `${rule} cluster IPs are specified`)] : []),
    ...(spec.ipFamilies?.length === 2 ? [policyIssue(spec, `${rule} IP families are specified`)] : []),
  ];
}

/** The families that the addresses are of, where they are not said. */
function inferFamilies(spec: ServiceDraft['spec'], configured: readonly Family[]): Issue[] {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  if (clusterIPs[0] === 'None') return [];
  const unsaid = clusterIPs.slice(ipFamilies.length).map(familyOf);
  const known = unsaid.filter((family) => configured.includes(family));
  if (known.length > 0) spec.ipFamilies = [...ipFamilies, ...known];
  return unsaid.flatMap((family, i) =>
    configured.includes(family)
      ? []
      : [
          invalid(
            `spec.clusterIPs[${ipFamilies.length + i}]`,
            clusterIPs,
            `${family} is not configured on this cluster`,
          ),
        ],
  );
}

function configurationIssues(spec: Service['spec'], configured: readonly Family[]): Issue[] {
  const dual = spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2;
  const foreign = (spec.ipFamilies ?? []).flatMap((family, i) =>
    configured.includes(family as Family)
      ? []
      : [invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster')],
  );
  return [...(dual ? [policyIssue(spec, 'this cluster is not configured for dual-stack services')] : []), ...foreign];
}
