// Service: one name and address for a set of pods.

import type { Issue } from '../../api/issues.ts';
import { deepEqual } from '../../base/equal.ts';
import { ageColumn, labelsText, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ServiceSpec, Service as Shape } from '../generated/types/core-v1.ts';
import { needsHealthCheck } from './service/rules.ts';
import { serviceIssues, serviceStatusIssues } from './service/validate.ts';
import { serviceChangeIssues } from './service/validate-change.ts';
import { serviceWarnings } from './service/warnings.ts';

export type Service = Shape;

const field = (name: string) => ({ type: 'io.k8s.api.core.v1.ServiceSpec', field: name });

export const Service = defineKind<Service>('v1', 'Service', {
  nameRule: 'label',
  generation: 'none',
  createOnUpdate: true,
  returnsDeleted: true,
  applyDefaults,
  shown: withoutInsidePolicy,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
  },
  prepareForUpdate(service, previous) {
    dropFieldsOfOldType(service.spec, previous.spec);
    if (service.spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} };
  },
  validate: serviceIssues,
  validateUpdate: (next, previous): Issue[] => [...serviceChangeIssues(next, previous), ...serviceIssues(next)],
  validateStatusUpdate: serviceStatusIssues,
  warnings: serviceWarnings,
  columns: [
    nameColumn,
    textColumn('Type', field('type'), ({ spec }) => spec.type ?? ''),
    textColumn('Cluster-IP', field('clusterIP'), ({ spec }) => spec.clusterIPs?.[0] || spec.clusterIP || '<none>'),
    textColumn('External-IP', field('externalIPs'), externalText),
    textColumn('Port(s)', field('ports'), ({ spec }) => portsText(spec)),
    ageColumn,
    wide(textColumn('Selector', field('selector'), ({ spec }) => labelsText(spec.selector))),
  ],
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
});

/** A service by name keeps the policy it had inside the cluster, but it does not show. */
function withoutInsidePolicy(service: Service): Service {
  const { internalTrafficPolicy, ...spec } = service.spec;
  return spec.type === 'ExternalName' && internalTrafficPolicy !== undefined ? { ...service, spec } : service;
}

const threeHours = 10_800;

function applyDefaults({ spec, status }: Service): void {
  if (!spec) return;
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: threeHours } };
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (!port.targetPort) port.targetPort = port.port;
  }
  const outside = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const reachable = outside || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
  if (reachable) spec.externalTrafficPolicy ||= 'Cluster';
  if (outside || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

const hasAddress = ({ type }: ServiceSpec): boolean => type !== 'ExternalName';
const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';
const isReachable = (spec: ServiceSpec): boolean =>
  hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);

/** What only the old type had, and the client did not touch, goes with it. */
function dropFieldsOfOldType(next: ServiceSpec, previous: ServiceSpec): void {
  const leaves = (has: (spec: ServiceSpec) => boolean) => has(previous) && !has(next);
  const same = (...names: (keyof ServiceSpec)[]) => names.every((name) => deepEqual(next[name], previous[name]));
  const drop = (...names: (keyof ServiceSpec)[]) => {
    for (const name of names) delete next[name];
  };
  if (leaves(hasAddress)) {
    if (same('clusterIP', 'clusterIPs')) drop('clusterIP', 'clusterIPs');
    if (same('ipFamilies')) drop('ipFamilies');
    if (same('ipFamilyPolicy')) drop('ipFamilyPolicy');
  }
  const hadPorts = nodePortsOf(previous);
  if (leaves(hasNodePorts) && nodePortsOf(next).every((port) => hadPorts.includes(port))) {
    for (const port of next.ports ?? []) delete port.nodePort;
  }
  if (leaves(needsHealthCheck) && same('healthCheckNodePort')) drop('healthCheckNodePort');
  if (leaves(({ type }) => type === 'LoadBalancer')) {
    if (same('allocateLoadBalancerNodePorts')) drop('allocateLoadBalancerNodePorts');
    if (same('loadBalancerClass')) drop('loadBalancerClass');
  }
  if (leaves(isReachable) && same('externalTrafficPolicy')) drop('externalTrafficPolicy');
}

const nodePortsOf = ({ ports }: ServiceSpec): number[] => (ports ?? []).flatMap(({ nodePort }) => nodePort || []);

/** Where clients outside the cluster go. */
function externalText({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  const given = spec.externalIPs ?? [];
  if (spec.type !== 'LoadBalancer') return given.length > 0 ? given.join(',') : '<none>';
  const balanced = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  const all = [...[...new Set(balanced.filter(Boolean))].sort(), ...given];
  return all.length > 0 ? all.join(',') : '<pending>';
}

function portsText({ ports }: ServiceSpec): string {
  if (!ports || ports.length === 0) return '<none>';
  return ports.map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`).join(',');
}
