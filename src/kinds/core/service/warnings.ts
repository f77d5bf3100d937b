// What a service draws warnings for.

import { addressWarnings, cidrWarnings } from '../../addresses.ts';
import type { Service, ServiceSpec } from '../../generated/types/core-v1.ts';
import { isHeadless } from './rules.ts';

const hints = 'service.kubernetes.io/topology-aware-hints';

export function serviceWarnings({ metadata, spec }: Service): string[] {
  if (metadata.deletionTimestamp) return [];
  const headless = isHeadless(spec);
  const outside = spec.externalIPs ?? [];
  const each = (
    field: string,
    values: readonly string[] | undefined,
    warn: (field: string, value: string) => string[],
  ) => (values ?? []).flatMap((value, i) => warn(`spec.${field}[${i}]`, value));
  return [
    ...(metadata.annotations?.[hints] === undefined
      ? []
      : [`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`]),
    ...(spec.clusterIP && !headless ? each('clusterIPs', spec.clusterIPs, addressWarnings) : []),
    ...(headless && spec.type === 'ClusterIP' ? withoutAddress(spec) : []),
    ...each('externalIPs', outside, addressWarnings),
    ...(outside.length > 0 && !headless && spec.type !== 'ExternalName'
      ? ['spec.externalIPs is deprecated and may no longer be implemented in some clusters']
      : []),
    ...(spec.loadBalancerIP ? addressWarnings('spec.loadBalancerIP', spec.loadBalancerIP) : []),
    ...each('loadBalancerSourceRanges', spec.loadBalancerSourceRanges, cidrWarnings),
    ...withoutEffect(spec),
    ...(spec.trafficDistribution === 'PreferClose'
      ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']
      : []),
  ];
}

/** What does nothing for a service without an address. */
const withoutAddress = ({ loadBalancerIP, externalIPs, sessionAffinity }: ServiceSpec): string[] => [
  ...(loadBalancerIP ? ['spec.loadBalancerIP is ignored for headless services'] : []),
  ...((externalIPs ?? []).length > 0 ? ['spec.externalIPs is ignored for headless services'] : []),
  ...(sessionAffinity === 'None' ? [] : ['spec.SessionAffinity is ignored for headless services']),
];

/** What does nothing for a service of this type. */
function withoutEffect({ type, externalIPs, externalName }: ServiceSpec): string[] {
  if (type === 'ExternalName') {
    return (externalIPs ?? []).length > 0 ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : [];
  }
  return externalName ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : [];
}
