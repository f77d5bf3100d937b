// ServiceCIDR: a range that services get their addresses from, one of each family at most.

import { parseCidr } from '../../base/ip.ts';
import { isCanonicalCidr } from '../../base/names.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ServiceCIDRSpec, ServiceCIDR as Shape } from '../generated/types/networking-v1.ts';

export type ServiceCIDR = Shape;

export const ServiceCIDR = defineKind<ServiceCIDR>('networking.k8s.io/v1', 'ServiceCIDR', {
  generation: 'none',
  validate: ({ spec }) => specIssues(spec ?? {}),
  validateUpdate: ({ spec }, previous) => changeIssues(spec?.cidrs ?? [], previous.spec?.cidrs ?? []),
  columns: [
    nameColumn,
    textColumn('CIDRs', { type: 'io.k8s.api.networking.v1.ServiceCIDRSpec', field: 'cidrs' }, ({ spec }) => {
      return (spec?.cidrs ?? []).join(',');
    }),
    ageColumn,
  ],
});

function specIssues({ cidrs }: ServiceCIDRSpec): Issue[] {
  const ranges = cidrs ?? [];
  if (ranges.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
  if (ranges.length > 2) return [invalid('spec.cidrs', { CIDRs: ranges }, 'may only hold up to 2 values')];
  const issues = ranges.flatMap((range, i) => complain(`spec.cidrs[${i}]`, range, isCanonicalCidr));
  const families = ranges.flatMap((range) => parseCidr(range)?.ip.family ?? []);
  if (families.length === 2 && families[0] === families[1]) {
    const rule = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    issues.push(invalid('spec.cidrs', ranges, rule));
  }
  return issues;
}

/** A range of the other family may be added; what there is stays. */
function changeIssues(next: readonly string[], previous: readonly string[]): Issue[] {
  const grows = previous.length === 1 && next.length === 2;
  if (next.length !== previous.length && !grows) return [immutable('spec.cidrs', next)];
  const changed = previous.flatMap((range, i) => (next[i] === range ? [] : [immutable(`spec.cidrs[${i}]`, next[i])]));
  return grows ? [...changed, ...specIssues({ cidrs: [...next] })] : changed;
}
