import { expect, test } from 'vitest';
import type { NodeSpec, NodeStatus } from '../generated/types/core-v1.ts';
import { Node } from './node.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };
const { validate, validateUpdate, validateStatusUpdate } = Node.behaviour;

const node = (spec: NodeSpec = {}, status: NodeStatus = {}): Node => ({ metadata: { name: 'n' }, spec, status });
const said = (issues: readonly { field: string; message: string }[] | undefined): string[] =>
  (issues ?? []).map(({ field, message }) => `${field}: ${message}`);

test('taints are taken for metadata, and looked at twice when they change', () => {
  const taints = [{ key: 'k', effect: 'Sometimes' as 'NoSchedule' }];
  const refusal =
    'metadata.taints[0].effect: Unsupported value: "Sometimes": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"';
  expect(said(validate?.(node({ taints }), context))).toEqual([refusal]);
  expect(said(validateUpdate?.(node({ taints }), node(), context))).toEqual([refusal, refusal]);
});

test('ranges of pods are plain, of one family each', () => {
  const ranges = (...podCIDRs: string[]) => said(validate?.(node({ podCIDRs }), context));
  expect(ranges('10.0.0.0/24', 'fd00::/64')).toEqual([]);
  expect(ranges('10.0.0.1/24')).toEqual([
    'spec.podCIDRs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
  ]);
  expect(ranges('10.0.0.0/24', 'x').slice(1)).toEqual([
    'spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x)',
    'spec.podCIDRs: Invalid value: ["10.0.0.0/24","x"]: may specify no more than one CIDR for each IP family',
  ]);
});

test('features have names, in order, each once', () => {
  const features = (...declaredFeatures: string[]) =>
    said(validateStatusUpdate?.(node({}, { declaredFeatures }), node(), context));
  expect(features('A', 'B/c')).toEqual([]);
  expect(features('B', 'B', 'A')).toEqual([
    'status.declaredFeatures[1]: Duplicate value: "B"',
    'status.declaredFeatures[2]: Invalid value: "A": list must be sorted alphabetically',
  ]);
  expect(features('a')[0]).toContain('invalid feature name "a": must start with an UpperCamelCase segment');
});

test('ranges and provider are given once', () => {
  const previous = node({ podCIDRs: ['10.0.0.0/24', 'fd00::/64'], providerID: 'p' });
  const next = node({ podCIDRs: ['10.0.1.0/24', 'fd01::/64'], providerID: 'q' });
  const refused = (field: string, name: string) =>
    `spec.${field}: Forbidden: node updates may not change ${name} except from "" to valid`;
  expect(said(validateUpdate?.(next, previous, context))).toEqual([
    refused('podCIDRs', 'podCIDR'),
    refused('podCIDRs', 'podCIDR'),
    refused('providerID', 'providerID'),
  ]);
});
