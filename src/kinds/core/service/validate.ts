// What is wrong with a service.

import { type Issue, duplicate, forbiddenField, invalid, notSupported, required } from '../../../api/issues.ts';
import { parseIp } from '../../../base/ip.ts';
import {
  isCidr,
  isDns1123Label,
  isDns1123Subdomain,
  isIp,
  isPortNumber,
  isQualifiedName,
} from '../../../base/names.ts';
import { specialAddressIssues } from '../../addresses.ts';
import { choiceIssues, complain, labelIssues, notListed } from '../../checks.ts';
import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from '../../generated/types/core-v1.ts';
import { portIssues as portNumberIssues } from '../../pod-spec/probes.ts';
import { isExternallyAccessible, isHeadless, needsHealthCheck } from './rules.ts';

export function serviceIssues({ metadata, spec }: Service): Issue[] {
  return [
    ...topologyIssues(metadata.annotations ?? {}),
    ...typeIssues(spec),
    ...portsIssues(spec.ports ?? []),
    ...labelIssues(spec.selector, 'spec.selector'),
    ...affinityIssues(spec),
    ...serviceAddressIssues(spec),
    ...(spec.externalIPs ?? []).flatMap((ip, i) => externalAddressIssues(ip, `spec.externalIPs[${i}]`)),
    ...choiceIssues(spec.type, 'spec.type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
    ...nodePortIssues(spec),
    ...repeatedPortIssues(spec.ports ?? []),
    ...sourceRangeIssues(spec, metadata.annotations ?? {}),
    ...loadBalancerIssues(spec),
    ...trafficIssues(spec),
  ];
}

const hints = 'service.kubernetes.io/topology-aware-hints';
const mode = 'service.kubernetes.io/topology-mode';

function topologyIssues(annotations: Readonly<Record<string, string>>): Issue[] {
  const [old, now] = [annotations[hints], annotations[mode]];
  if (old === undefined || now === undefined || old === now) return [];
  return [invalid(`metadata.annotations[${mode}]`, now, `must match annotations[${hints}] when both are specified`)];
}

function typeIssues(spec: ServiceSpec): Issue[] {
  const issues: Issue[] = [];
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') issues.push(required('spec.ports'));
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    issues.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  return spec.type === 'ExternalName' ? [...issues, ...externalNameIssues(spec)] : issues;
}

function externalNameIssues(spec: ServiceSpec): Issue[] {
  const rule = 'may not be set for ExternalName services';
  const issues: Issue[] = [];
  if ((spec.clusterIPs ?? []).length > 0) issues.push(forbiddenField('spec.clusterIPs', rule));
  if ((spec.ipFamilies ?? []).length > 0) issues.push(forbiddenField('spec.ipFamilies', rule));
  if (spec.ipFamilyPolicy !== undefined) issues.push(forbiddenField('spec.ipFamilyPolicy', rule));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (!name) return [...issues, required('spec.externalName')];
  return [...issues, ...complain('spec.externalName', name, isDns1123Subdomain)];
}

function portsIssues(ports: readonly ServicePort[]): Issue[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const field = `spec.ports[${i}]`;
    const issues: Issue[] = [];
    if (!port.name) {
      if (ports.length > 1) issues.push(required(`${field}.name`));
    } else {
      issues.push(...complain(`${field}.name`, port.name, isDns1123Label));
      if (names.has(port.name)) issues.push(duplicate(`${field}.name`, port.name));
      names.add(port.name);
    }
    issues.push(...complain(`${field}.port`, port.port ?? 0, isPortNumber));
    issues.push(...choiceIssues(port.protocol, `${field}.protocol`, ['SCTP', 'TCP', 'UDP']));
    issues.push(...portNumberIssues(port.targetPort, `${field}.targetPort`));
    if (port.appProtocol !== undefined) {
      issues.push(...complain(`${field}.appProtocol`, port.appProtocol, isQualifiedName));
    }
    return issues;
  });
}

const aDay = 86_400;

function affinityIssues({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): Issue[] {
  const issues = choiceIssues(sessionAffinity, 'spec.sessionAffinity', ['ClientIP', 'None']);
  const field = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'ClientIP') {
    const rule = 'when session affinity type is ClientIP';
    const seconds = config?.clientIP?.timeoutSeconds;
    if (!config) issues.push(required(field, rule));
    else if (seconds === undefined) issues.push(required(`${field}.clientIP`, rule));
    else if (seconds <= 0 || seconds > aDay) {
      const place = `${field}.clientIP.timeoutSeconds`;
      issues.push(invalid(place, seconds, `must be greater than 0 and less than ${aDay}`));
    }
  } else if (sessionAffinity === 'None' && config) {
    issues.push(forbiddenField(field, 'must not be set when session affinity is None'));
  }
  return issues;
}

const families = ['IPv4', 'IPv6'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** What is wrong with addresses, families and their policy, before any are given out. */
export function serviceAddressIssues(spec: ServiceSpec): Issue[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP, clusterIPs = [], ipFamilies = [] } = spec;
  const field = 'spec.clusterIPs';
  const own = addressListIssues(clusterIPs, field);
  const issues = [...bothFormsIssues(clusterIP, clusterIPs, field), ...familyIssues(spec), ...own];
  if (clusterIPs.length > 2) issues.push(invalid(field, clusterIPs, 'may only hold up to 2 values'));
  if (own.length > 0) return issues;
  return [...issues, ...addressFamilyIssues(clusterIPs, ipFamilies, field)];
}

/** The one address, and the first of all, are the same. */
function bothFormsIssues(clusterIP: string | undefined, clusterIPs: readonly string[], field: string): Issue[] {
  if (clusterIPs.length === 0) return [];
  if (!clusterIP) return [invalid(field, clusterIPs, 'must be empty when `clusterIP` is not specified')];
  return clusterIP === clusterIPs[0] ? [] : [invalid(field, clusterIPs, 'first value must match `clusterIP`')];
}

function familyIssues({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): Issue[] {
  const issues = ipFamilies.flatMap((family, i) => {
    const field = `spec.ipFamilies[${i}]`;
    return [
      ...(families.includes(family) ? [] : [notSupported(field, family, families)]),
      ...(ipFamilies.indexOf(family) < i ? [duplicate(field, family)] : []),
    ];
  });
  if (ipFamilyPolicy !== undefined && !familyPolicies.includes(ipFamilyPolicy)) {
    issues.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, familyPolicies));
  }
  return issues;
}

function addressListIssues(addresses: readonly string[], field: string): Issue[] {
  return addresses.flatMap((address, i) => {
    if (i === 0 && address === 'None') {
      return addresses.length > 1 ? [invalid(field, addresses, "'None' must be the first and only value")] : [];
    }
    return complain(`${field}[${i}]`, address, isIp);
  });
}

function addressFamilyIssues(addresses: readonly string[], wanted: readonly string[], field: string): Issue[] {
  if (addresses[0] === 'None') return [];
  const found = addresses.map((address) => `IPv${parseIp(address)?.family}`);
  const issues =
    found.length > 1 && new Set(found).size === 1
      ? [invalid(field, addresses, 'may specify no more than one IP for each IP family')]
      : [];
  addresses.forEach((address, i) => {
    if (!wanted[i] || !families.includes(wanted[i]) || wanted[i] === found[i]) return;
    const rule = `expected an ${wanted[i]} value as indicated by \`ipFamilies[${i}]\``;
    issues.push(invalid(`${field}[${i}]`, address, rule));
  });
  return issues;
}

function externalAddressIssues(ip: string, field: string): Issue[] {
  const issues = complain(field, ip, isIp);
  return issues.length > 0 ? issues : specialAddressIssues(ip, field);
}

function nodePortIssues({ type, ports = [] }: ServiceSpec): Issue[] {
  const given = ports.flatMap(({ nodePort, protocol }, i) =>
    nodePort ? [{ nodePort, key: `${protocol}/${nodePort}`, field: `spec.ports[${i}].nodePort` }] : [],
  );
  const needless = "may not be used when `type` is 'ClusterIP'";
  return [
    ...(type === 'ClusterIP' ? given.map(({ field }) => forbiddenField(field, needless)) : []),
    ...given.flatMap(({ field, key, nodePort }, i) =>
      given.findIndex((each) => each.key === key) < i ? [duplicate(field, nodePort)] : [],
    ),
  ];
}

/** A port of a protocol can be had once; the refusal shows it in the server's own form. */
function repeatedPortIssues(ports: readonly ServicePort[]): Issue[] {
  const taken = new Set<string>();
  return ports.flatMap(({ port, protocol }, i) => {
    const key = `${protocol}/${port}`;
    const repeated = taken.has(key);
    taken.add(key);
    const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    return repeated ? [duplicate(`spec.ports[${i}]`, shown)] : [];
  });
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";

function sourceRangeIssues(spec: ServiceSpec, annotations: Readonly<Record<string, string>>): Issue[] {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const balanced = spec.type === 'LoadBalancer';
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';
    const issues = balanced ? [] : [forbiddenField(field, onlyBalanced)];
    return [...issues, ...ranges.flatMap((range, i) => rangeIssues(range, `${field}[${i}]`))];
  }
  const text = annotations[rangesAnnotation];
  if (text === undefined) return [];
  const field = `metadata.annotations[${rangesAnnotation}]`;
  const issues = balanced ? [] : [forbiddenField(field, onlyBalanced)];
  if (!text.trim()) return issues;
  return [...issues, ...text.split(',').flatMap((range) => rangeIssues(range, field))];
}

/** Space around a range is overlooked. */
const rangeIssues = (range: string, field: string): Issue[] => complain(field, range.trim(), isCidr);

function loadBalancerIssues(spec: ServiceSpec): Issue[] {
  const { type, allocateLoadBalancerNodePorts: allocate } = spec;
  const balanced = type === 'LoadBalancer';
  const issues: Issue[] = [];
  if (allocate !== undefined && !balanced)
    issues.push(forbiddenField('spec.allocateLoadBalancerNodePorts', onlyBalanced));
  if (allocate === undefined && balanced) issues.push(required('spec.allocateLoadBalancerNodePorts'));
  return [...issues, ...classIssues(spec)];
}

/** What is wrong with the class of a load balancer. */
export function classIssues({ type, loadBalancerClass }: ServiceSpec): Issue[] {
  const field = 'spec.loadBalancerClass';
  if (loadBalancerClass === undefined) return [];
  return type === 'LoadBalancer'
    ? complain(field, loadBalancerClass, isQualifiedName)
    : [forbiddenField(field, onlyBalanced)];
}

const policies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function trafficIssues(spec: ServiceSpec): Issue[] {
  const { externalTrafficPolicy: outside, internalTrafficPolicy: inside, trafficDistribution: spread } = spec;
  const issues: Issue[] = [];
  if (isExternallyAccessible(spec)) {
    issues.push(...choiceIssues(outside, 'spec.externalTrafficPolicy', policies));
  } else if (outside) {
    const rule = 'may only be set for externally-accessible services';
    issues.push(invalid('spec.externalTrafficPolicy', outside, rule));
  }
  issues.push(...healthCheckIssues(spec));
  if (inside !== undefined && !policies.includes(inside)) {
    issues.push(notSupported('spec.internalTrafficPolicy', inside, policies));
  }
  if (spread !== undefined && !distributions.includes(spread)) {
    issues.push(notListed('spec.trafficDistribution', spread, distributions));
  }
  return issues;
}

function healthCheckIssues(spec: ServiceSpec): Issue[] {
  const port = spec.healthCheckNodePort ?? 0;
  if (port === 0) return [];
  if (needsHealthCheck(spec)) return complain('spec.healthCheckNodePort', port, isPortNumber);
  const rule = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalid('spec.healthCheckNodePort', port, rule)];
}

export function serviceStatusIssues({ spec, status }: Service): Issue[] {
  const field = 'status.loadBalancer.ingress';
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap((each, i) => ingressIssues(each, `${field}[${i}]`));
}

function ingressIssues({ ip, ipMode, hostname }: LoadBalancerIngress, field: string): Issue[] {
  const issues = ip ? complain(`${field}.ip`, ip, isIp) : [];
  if (ip && ipMode === undefined) issues.push(required(`${field}.ipMode`, 'must be specified when `ip` is set'));
  if (!ip && ipMode !== undefined) {
    issues.push(forbiddenField(`${field}.ipMode`, 'may not be specified when `ip` is not set'));
  } else if (ipMode !== undefined) issues.push(...choiceIssues(ipMode, `${field}.ipMode`, ['Proxy', 'VIP']));
  if (!hostname) return issues;
  issues.push(...complain(`${field}.hostname`, hostname, isDns1123Subdomain));
  if (parseIp(hostname)) issues.push(invalid(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address'));
  return issues;
}
