// Ingress: which hosts and paths of HTTP lead to which services.

import {
  isDns1123Label,
  isDns1123Subdomain,
  isIp,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from '../../base/names.ts';
import { parseIp } from '../../base/ip.ts';
import { type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { TypedLocalObjectReference } from '../generated/types/core-v1.ts';
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  Ingress as Shape,
} from '../generated/types/networking-v1.ts';

export type Ingress = Shape;

const classAnnotation = 'kubernetes.io/ingress.class';

export const Ingress = defineKind<Ingress>('networking.k8s.io/v1', 'Ingress', {
  applyDefaults(ingress) {
    ingress.spec ??= {};
  },
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validate: ({ metadata, spec }) => [
    ...specIssues(spec),
    ...classMismatchIssues(metadata.annotations?.[classAnnotation], spec.ingressClassName),
  ],
  validateUpdate: ({ spec }) => specIssues(spec),
  validateStatusUpdate: statusIssues,
  warnings: ({ metadata, spec }, previous) =>
    previous || spec.ingressClassName !== undefined || metadata.annotations?.[classAnnotation] === undefined
      ? []
      : [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`],
  columns: [
    nameColumn,
    textColumn(
      'Class',
      'The name of the IngressClass resource that should be used for additional configuration',
      ({ spec }) => spec.ingressClassName ?? '<none>',
    ),
    textColumn('Hosts', 'Hosts that incoming requests are matched against before the ingress rule', hostsCell),
    textColumn('Address', 'Address is a list containing ingress points for the load-balancer', addressCell),
    textColumn('Ports', 'Ports of TLS configurations that open', ({ spec }) => {
      return (spec.tls ?? []).length > 0 ? '80, 443' : '80';
    }),
    ageColumn,
  ],
});

const mostHosts = 3;

function hostsCell({ spec }: Ingress): string {
  const rules = spec.rules ?? [];
  const hosts = rules.flatMap(({ host }) => host || []);
  if (hosts.length === 0) return '*';
  const shown = hosts.slice(0, mostHosts).join(',');
  // A rule for every host counts as one more, if it comes last.
  const more = hosts.length > mostHosts || (hosts.length === mostHosts && !rules.at(-1)?.host);
  return more ? `${shown} + ${rules.length - mostHosts} more...` : shown;
}

function addressCell({ status }: Ingress): string {
  const points = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
  return [...new Set(points)].sort().join(',');
}

function classMismatchIssues(annotated: string | undefined, given: string | undefined): Issue[] {
  if (annotated === undefined || given === undefined || annotated === given) return [];
  return [
    invalid(`annotations.${classAnnotation}`, annotated, 'must match `ingressClassName` when both are specified'),
  ];
}

function specIssues(spec: IngressSpec): Issue[] {
  const { defaultBackend, rules, tls, ingressClassName } = spec;
  const issues: Issue[] = [];
  if ((rules ?? []).length === 0 && !defaultBackend) {
    issues.push(invalid('spec', rules ?? null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend) issues.push(...backendIssues(defaultBackend, 'spec.defaultBackend'));
  (rules ?? []).forEach((rule, i) => issues.push(...ruleIssues(rule, `spec.rules[${i}]`)));
  (tls ?? []).forEach(({ hosts, secretName }, i) => {
    const field = `spec.tls[${i}]`;
    (hosts ?? []).forEach((host, j) => issues.push(...complain(`${field}.hosts[${j}]`, host, isHost)));
    if (secretName) issues.push(...complain(`${field}.secretName`, secretName, isDns1123Subdomain));
  });
  if (ingressClassName !== undefined) {
    issues.push(...complain('spec.ingressClassName', ingressClassName, isDns1123Subdomain));
  }
  return issues;
}

const isHost = (host: string): string[] =>
  host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host);

const noAddress = 'must be a DNS name, not an IP address';

function ruleIssues({ host, http }: IngressRule, field: string): Issue[] {
  const issues: Issue[] = [];
  if (host) {
    if (parseIp(host)) issues.push(invalid(`${field}.host`, host, noAddress));
    issues.push(...complain(`${field}.host`, host, isHost));
  }
  if (!http) return issues;
  const paths = http.paths ?? [];
  if (paths.length === 0) issues.push(required(`${field}.http.paths`));
  return [...issues, ...paths.flatMap((path, i) => pathIssues(path, `${field}.http.paths[${i}]`))];
}

const forbiddenSequences = ['//', '/./', '/../', '%2f', '%2F'];
const forbiddenEnds = ['/..', '/.'];
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

function pathIssues({ path = '', pathType, backend }: HTTPIngressPath, field: string): Issue[] {
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')];
  const issues: Issue[] = [];
  const strict = pathType === 'Exact' || pathType === 'Prefix';
  if (!pathTypes.includes(pathType)) issues.push(notSupported(`${field}.pathType`, pathType, pathTypes));
  else if (!path.startsWith('/') && (strict || path !== '')) {
    issues.push(invalid(`${field}.path`, path, 'must be an absolute path'));
  }
  if (strict) {
    for (const part of forbiddenSequences) {
      if (path.includes(part)) issues.push(invalid(`${field}.path`, path, `must not contain '${part}'`));
    }
    for (const end of forbiddenEnds) {
      if (path.endsWith(end)) issues.push(invalid(`${field}.path`, path, `cannot end with '${end}'`));
    }
  }
  return [...issues, ...backendIssues(backend ?? {}, `${field}.backend`)];
}

function backendIssues({ service, resource }: IngressBackend, field: string): Issue[] {
  if (service && resource) return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource) return typedReferenceIssues(resource, `${field}.resource`);
  if (service) return serviceIssues(service, field);
  return [invalid(field, '', 'resource or service backend is required')];
}

function serviceIssues({ name, port }: IngressServiceBackend, field: string): Issue[] {
  const issues = name ? complain(`${field}.service.name`, name, isDns1123Label) : [required(`${field}.service.name`)];
  if (port?.name && port.number) issues.push(invalid(field, '', 'cannot set both port name & port number'));
  else if (port?.name) issues.push(...complain(`${field}.service.port.name`, port.name, isPortName));
  else if (port?.number) issues.push(...complain(`${field}.service.port.number`, port.number, isPortNumber));
  else issues.push(required(field, 'port name or number is required'));
  return issues;
}

export function typedReferenceIssues({ apiGroup, kind, name }: TypedLocalObjectReference, field: string): Issue[] {
  const part = (at: string, value: string | undefined) =>
    value ? complain(`${field}.${at}`, value, isPathSegmentName) : [required(`${field}.${at}`)];
  return [
    ...(apiGroup === undefined || apiGroup === null ? [] : complain(`${field}.apiGroup`, apiGroup, isDns1123Subdomain)),
    ...part('kind', kind),
    ...part('name', name),
  ];
}

function statusIssues({ status }: Ingress): Issue[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const field = `status.loadBalancer.ingress[${i}]`;
    const issues = ip ? complain(`${field}.ip`, ip, isIp) : [];
    if (!hostname) return issues;
    issues.push(...complain(`${field}.hostname`, hostname, isDns1123Subdomain));
    return parseIp(hostname) ? [...issues, invalid(`${field}.hostname`, hostname, noAddress)] : issues;
  });
}
