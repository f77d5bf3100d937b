// How services count: one each, those with a load balancer, and their ports on nodes.

import { quantityOfNumber } from '../../../base/quantity.ts';
import type { Service } from '../../../kinds/core/service.ts';
import { evaluator } from './evaluator.ts';

const counted = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

export const serviceEvaluator = evaluator<Service>({
  handlesUpdates: 'always',
  counts: (name) => counted.includes(name),
  usage: (service) =>
    new Map([
      ['count/services', quantityOfNumber(1)],
      ['services', quantityOfNumber(1)],
      ['services.nodeports', quantityOfNumber(nodePorts(service))],
      ['services.loadbalancers', quantityOfNumber(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
    ]),
});

function nodePorts({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
}
