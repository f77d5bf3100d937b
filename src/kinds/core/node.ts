// Node: a machine that runs pods.

import { type Issue, duplicate, forbiddenField, internalError, invalid, required } from '../../api/issues.ts';
import { parseCidr } from '../../base/ip.ts';
import { isLabelValue, isQualifiedName, isCidr } from '../../base/names.ts';
import { cidrWarnings } from '../addresses.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { NodeAddress, NodeSpec, NodeStatus, Node as Shape, Taint } from '../generated/types/core-v1.ts';
import { quantityIssues } from '../pod-spec/resources.ts';
import { roundAmounts } from '../quantities.ts';
import { taintEffectIssues } from '../pod-spec/scheduling.ts';

export type Node = Shape;

const infoField = (field: string) => ({ type: 'io.k8s.api.core.v1.NodeSystemInfo', field });
const addresses = { type: 'io.k8s.api.core.v1.NodeStatus', field: 'addresses' };

export const Node = defineKind<Node>('v1', 'Node', {
  generation: 'none',
  applyDefaults,
  prepareForCreate: forgetConfiguration,
  prepareForUpdate: forgetConfiguration,
  validate: nodeIssues,
  validateUpdate: (next, previous) => [...nodeIssues(next), ...changeIssues(next, previous)],
  validateStatusUpdate: changeIssues,
  warnings: ({ spec }) => [
    ...(spec?.configSource ? ['spec.configSource: the feature is removed'] : []),
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(spec?.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(`spec.podCIDRs[${i}]`, cidr)),
  ],
  columns: [
    nameColumn,
    textColumn('Status', 'The status of the node', statusText),
    textColumn('Roles', 'The roles of the node', rolesText),
    ageColumn,
    textColumn('Version', infoField('kubeletVersion'), ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
    wide(textColumn('Internal-IP', addresses, (node) => addressOf(node, 'InternalIP'))),
    wide(textColumn('External-IP', addresses, (node) => addressOf(node, 'ExternalIP'))),
    wide(textColumn('OS-Image', infoField('osImage'), (node) => infoOf(node, 'osImage'))),
    wide(textColumn('Kernel-Version', infoField('kernelVersion'), (node) => infoOf(node, 'kernelVersion'))),
    wide(
      textColumn('Container-Runtime', infoField('containerRuntimeVersion'), (node) => {
        return infoOf(node, 'containerRuntimeVersion');
      }),
    ),
  ],
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
});

/** What a node has it can also give away, unless it says otherwise. The one pod range and the list of them say the same. */
function applyDefaults(node: Node): void {
  const { spec, status } = node;
  if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  roundAmounts(status?.capacity, status?.allocatable);
  if (!spec) return;
  const { podCIDR, podCIDRs = [] } = spec;
  if (podCIDR && podCIDRs[0] !== podCIDR) spec.podCIDRs = [podCIDR];
  else if (!podCIDR && podCIDRs[0]) spec.podCIDR = podCIDRs[0];
}

/** Configuration from a config map is gone from Kubernetes; its fields are not kept. */
function forgetConfiguration({ spec, status }: Node): void {
  if (spec) delete spec.configSource;
  if (status) delete status.config;
}

function nodeIssues({ spec, status }: Node): Issue[] {
  return [
    ...taintIssues(spec?.taints ?? []),
    ...reportIssues(status ?? {}),
    ...swapIssues(status?.nodeInfo?.swap),
    ...rangeIssues(spec?.podCIDRs ?? []),
  ];
}

/** What is wrong with what a node says it has and can. */
const reportIssues = ({ capacity, allocatable, declaredFeatures = [] }: NodeStatus): Issue[] => [
  ...amountIssues(capacity, 'status.capacity'),
  ...amountIssues(allocatable, 'status.allocatable'),
  ...featureIssues(declaredFeatures, 'status.declaredFeatures'),
];

/** Taints are unique by key and effect. Kubernetes takes them for metadata. */
function taintIssues(taints: readonly Taint[]): Issue[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const { key, value = '', effect } = taint;
    const field = `metadata.taints[${i}]`;
    const issues = complain(`${field}.key`, key, isQualifiedName);
    const complaints = isLabelValue(value);
    if (complaints.length > 0) issues.push(invalid(`${field}.value`, value, complaints.join(';')));
    issues.push(...(effect ? taintEffectIssues(effect, `${field}.effect`) : [required(`${field}.effect`)]));
    if (seen.has(`${effect}/${key}`)) issues.push(repeatedTaint(taint, field));
    seen.add(`${effect}/${key}`);
    return issues;
  });
}

function repeatedTaint({ key, value = '', effect, timeAdded }: Taint, field: string): Issue {
  const shown = duplicate(field, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null });
  return { ...shown, message: `${shown.message}: taints must be unique by key and effect pair` };
}

const amountIssues = (amounts: Readonly<Record<string, string>> | undefined, field: string): Issue[] =>
  Object.entries(amounts ?? {}).flatMap(([name, amount]) => quantityIssues(name, amount, `${field}.${name}`));

const swapIssues = (swap: { capacity?: number } | undefined): Issue[] =>
  swap?.capacity !== undefined && swap.capacity <= 0
    ? [invalid('metadata.nodeSwapStatus.capacity', swap.capacity, 'must be greater than zero')]
    : [];

const longestFeature = 253;
const featureRule =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";

function featureIssues(features: readonly string[], field: string): Issue[] {
  return features.flatMap((feature, i) => {
    const next = features[i + 1];
    const after = `${field}[${i + 1}]`;
    return [
      ...complain(`${field}[${i}]`, feature, isFeature),
      ...(feature === next ? [duplicate(after, next)] : []),
      ...(next !== undefined && feature > next ? [invalid(after, next, 'list must be sorted alphabetically')] : []),
    ];
  });
}

function isFeature(name: string): string[] {
  const refused = (rule: string) => [`invalid feature name ${JSON.stringify(name)}: ${rule}`];
  if (name.length > longestFeature) return refused(`must be no more than ${longestFeature} characters`);
  return /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/.test(name) ? [] : refused(featureRule);
}

/** One range of pod addresses per family at most. */
function rangeIssues(ranges: readonly string[]): Issue[] {
  const field = 'spec.podCIDRs';
  const issues = ranges.flatMap((range, i) => complain(`${field}[${i}]`, range, isCidr));
  if (ranges.length < 2) return issues;
  const unread = ranges.findIndex((range) => !parseCidr(range));
  if (unread >= 0) {
    const why = `invalid CIDR[${unread}]: <nil> (invalid CIDR address: ${ranges[unread]})`;
    issues.push(internalError(field, `invalid PodCIDRs. failed to check with dual stack with error:${why}`));
  }
  const families = new Set(ranges.map((range) => parseCidr(range)?.ip.family));
  if (unread < 0 && ranges.length === 2 && families.size === 2) return issues;
  return [...issues, invalid(field, ranges, 'may specify no more than one CIDR for each IP family')];
}

function changeIssues(next: Node, previous: Node): Issue[] {
  return [
    ...reportIssues(next.status ?? {}),
    ...addressIssues(next.status?.addresses ?? []),
    ...fixedIssues(next.spec ?? {}, previous.spec ?? {}),
    ...taintIssues(next.spec?.taints ?? []),
    ...((next.spec?.externalID ?? '') === (previous.spec?.externalID ?? '')
      ? []
      : [forbiddenField('spec.externalID', 'may not be updated')]),
  ];
}

const addressIssues = (addresses: readonly NodeAddress[]): Issue[] =>
  addresses.flatMap(({ type, address }, i) =>
    addresses.findIndex((other) => other.type === type && other.address === address) < i
      ? [duplicate(`status.addresses[${i}]`, { Type: type, Address: address })]
      : [],
  );

/** Provider and pod ranges are given once. */
function fixedIssues(next: NodeSpec, previous: NodeSpec): Issue[] {
  const refused = (field: string, name: string) =>
    forbiddenField(field, `node updates may not change ${name} except from "" to valid`);
  const [before, now] = [previous.podCIDRs ?? [], next.podCIDRs ?? []];
  const changed = before.length === now.length ? before.filter((range, i) => range !== now[i]).length : 1;
  return [
    ...Array.from({ length: before.length > 0 ? changed : 0 }, () => refused('spec.podCIDRs', 'podCIDR')),
    ...(previous.providerID && next.providerID !== previous.providerID
      ? [refused('spec.providerID', 'providerID')]
      : []),
  ];
}

function statusText({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

const rolePrefix = 'node-role.kubernetes.io/';

function rolesText({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return key.length > rolePrefix.length ? [key.slice(rolePrefix.length)] : [];
    return key === 'kubernetes.io/role' && value ? [value] : [];
  });
  return roles.length > 0 ? [...new Set(roles)].sort().join(',') : '<none>';
}

const addressOf = ({ status }: Node, type: string): string =>
  status?.addresses?.find((each) => each.type === type)?.address ?? '<none>';

const infoOf = ({ status }: Node, name: 'osImage' | 'kernelVersion' | 'containerRuntimeVersion'): string =>
  status?.nodeInfo?.[name] || '<unknown>';
