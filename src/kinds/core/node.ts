// Node: a machine that runs pods.

import { type Issue, duplicate, forbiddenField, invalid, required } from '../../api/issues.ts';
import { deepEqual } from '../../base/equal.ts';
import { parseCidr } from '../../base/ip.ts';
import { isLabelValue, isQualifiedName, isSloppyCidr } from '../../base/names.ts';
import { cidrWarnings } from '../addresses.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { NodeSpec, NodeStatus, Node as Shape, Taint } from '../generated/types/core-v1.ts';
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
  validateStatusUpdate: (next, previous) => [...nodeIssues(next), ...changeIssues(next, previous)],
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
    ...amountIssues(status?.capacity, 'status.capacity'),
    ...amountIssues(status?.allocatable, 'status.allocatable'),
    ...rangeIssues(spec?.podCIDRs ?? []),
  ];
}

/** Also of RuntimeClasses and the like: taints are unique by key and effect. */
function taintIssues(taints: readonly Taint[]): Issue[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const { key, value = '', effect } = taint;
    const field = `spec.taints[${i}]`;
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

/** One range of pod addresses per family at most. */
function rangeIssues(ranges: readonly string[]): Issue[] {
  const field = 'spec.podCIDRs';
  const issues = ranges.flatMap((range, i) => complain(`${field}[${i}]`, range, isSloppyCidr));
  if (ranges.length < 2 || issues.length > 0) return issues;
  const families = new Set(ranges.map((range) => parseCidr(range)?.ip.family));
  if (ranges.length > 2 || families.size < 2) {
    issues.push(invalid(field, ranges, 'may specify no more than one CIDR for each IP family'));
  }
  ranges.forEach((range, i) => {
    if (ranges.indexOf(range) < i) issues.push(duplicate(`${field}[${i}]`, range));
  });
  return issues;
}

function changeIssues(next: Node, previous: Node): Issue[] {
  return [...statusIssues(next.status ?? {}), ...specChangeIssues(next.spec ?? {}, previous.spec ?? {})];
}

function statusIssues({ addresses: given = [], declaredFeatures = [] }: NodeStatus): Issue[] {
  const seen = new Set<string>();
  const issues = given.flatMap(({ type, address }, i) => {
    const key = `${type}/${address}`;
    if (seen.has(key)) return [duplicate(`status.addresses[${i}]`, { Type: type, Address: address })];
    seen.add(key);
    return [];
  });
  declaredFeatures.forEach((feature, i) => {
    const before = declaredFeatures[i - 1];
    if (before === undefined || before <= feature) return;
    issues.push(invalid(`status.declaredFeatures[${i}]`, feature, 'list must be sorted alphabetically'));
  });
  return issues;
}

/** Provider and pod ranges are given once. */
function specChangeIssues(next: NodeSpec, previous: NodeSpec): Issue[] {
  const issues: Issue[] = [];
  const { podCIDRs = [] } = previous;
  if (podCIDRs.length > 0 && !deepEqual(next.podCIDRs ?? [], podCIDRs)) {
    const rule = 'node updates may not change podCIDR except from "" to valid';
    issues.push(forbiddenField('spec.podCIDRs', rule));
  }
  if (previous.providerID && next.providerID !== previous.providerID) {
    const rule = 'node updates may not change providerID except from "" to valid';
    issues.push(forbiddenField('spec.providerID', rule));
  }
  if ((next.externalID ?? '') !== (previous.externalID ?? '')) {
    issues.push(forbiddenField('spec.externalID', 'may not be updated'));
  }
  return issues;
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
