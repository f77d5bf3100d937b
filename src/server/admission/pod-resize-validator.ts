// PodResizeValidator: a pod on a node is not resized beyond what that node can give.

import { roundQuantityUp, type Quantity } from '../../base/quantity.ts';
import { type ApiError, forbidden } from '../../api/status.ts';
import { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Draft } from '../draft.ts';
import { amountOf, amountsOf } from './amounts.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { podTotals } from './pod-amounts.ts';

const osLabel = 'kubernetes.io/os';

export const podResizeValidator: AdmissionPlugin = {
  name: 'PodResizeValidator',
  handles: ({ operation, kind, subresource }) =>
    operation === 'UPDATE' && kind.group === '' && kind.plural === 'pods' && subresource === 'resize',

  async validate({ object, old, name }, world) {
    const pod = object as Draft & Pod;
    const { nodeName } = pod.spec;
    if (!nodeName || pod.metadata.generation === old?.metadata.generation) return;
    const node = (await world.mirror(Node)).get(nodeName);
    if (!node) throw refused(name, `node ${JSON.stringify(nodeName)} not found`);
    const os = node.metadata.labels?.[osLabel] ?? 'linux';
    if (os !== 'linux') {
      const why = `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ${JSON.stringify(os)}`;
      throw refused(name, why, 'UnsupportedPlatform');
    }
    const lacking = whatLacks(pod, node);
    if (lacking.length === 0) return;
    throw refused(name, `node didn't have enough allocatable resources: ${lacking.join('; ')}`, 'NodeCapacity');
  },
};

/** Processors are told in thousandths, memory in bytes. */
function whatLacks(pod: Pod, { status }: Node): string[] {
  const [requests, allocatable] = [podTotals(pod, 'requests'), amountsOf(status?.allocatable)];
  return (['cpu', 'memory'] as const).flatMap((resource) => {
    const [requested, there] = [amountOf(requests, resource), amountOf(allocatable, resource)];
    if (requested.nanos <= there.nanos) return [];
    const count = (amount: Quantity) => (resource === 'cpu' ? inUnits(amount, -3) : inUnits(amount, 0));
    return [`${resource}, requested: ${count(requested)}, allocatable: ${count(there)}`];
  });
}

const inUnits = (amount: Quantity, exponent: -3 | 0): bigint =>
  roundQuantityUp(amount, exponent).nanos / (exponent === 0 ? 1_000_000_000n : 1_000_000n);

function refused(pod: string, why: string, reason?: string): ApiError {
  const error = forbidden({ group: '', resource: 'pods' }, pod, why);
  if (reason) error.status.details = { ...error.status.details, causes: [{ reason }] };
  return error;
}
