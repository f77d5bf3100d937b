// What a service draws warnings for.

import { addressWarnings } from '../../addresses.ts';
import type { Service, ServiceSpec } from '../../generated/types/core-v1.ts';
import { isHeadless } from './rules.ts';

const hints = 'service.kubernetes.io/topology-aware-hints';

export function serviceWarnings({ metadata, spec }: Service): string[] {
  if (metadata.deletionTimestamp) return [];
  const addresses = [
    ...(spec.externalIPs ?? []).map((ip, i): [string, string] => [`spec.externalIPs[${i}]`, ip]),
    ...(spec.loadBalancerIP ? [['spec.loadBalancerIP', spec.loadBalancerIP] as [string, string]] : []),
  ];
  return [
    ...(metadata.annotations?.[hints] === undefined
      ? []
      : [`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`]),
    ...addresses.flatMap(([field, ip]) => addressWarnings(field, ip)),
    ...withoutEffect(spec),
    ...(spec.trafficDistribution === 'PreferClose'
      ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']
      : []),
  ];
}

/** What is given and does nothing, for a service of this type. */
function withoutEffect(spec: ServiceSpec): string[] {
  const external = (spec.externalIPs ?? []).length > 0;
  if (spec.type === 'ExternalName') {
    return external ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : [];
  }
  const name = spec.externalName ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : [];
  if (!isHeadless(spec)) {
    const deprecated = 'spec.externalIPs is deprecated and may no longer be implemented in some clusters';
    return external ? [...name, deprecated] : name;
  }
  return [
    ...name,
    ...(spec.loadBalancerIP ? ['spec.loadBalancerIP is ignored for headless services'] : []),
    ...(external ? ['spec.externalIPs is ignored for headless services'] : []),
    ...(spec.sessionAffinity === 'None' ? [] : ['spec.SessionAffinity is ignored for headless services']),
  ];
}
