import { expect, test } from 'vitest';
import type { ServiceSpec } from '../generated/types/core-v1.ts';
import { Service } from './service.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

function service(spec: Partial<ServiceSpec> = {}): Service {
  const made: Service = { metadata: { name: 'web', namespace: 'n' }, spec: { ports: [{ port: 80 }], ...spec } };
  Service.behaviour.applyDefaults?.(made);
  return made;
}

const said = (spec: Partial<ServiceSpec>) =>
  (Service.behaviour.validate?.(service(spec), context) ?? []).map((i) => `${i.field}: ${i.message}`);

test('the least service is a good one, and aims at its own port', () => {
  expect(said({})).toEqual([]);
  expect(service().spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
});

test('several ports have names', () => {
  expect(said({ ports: [{ port: 80 }, { name: 'b', port: 81 }] })).toEqual(['spec.ports[0].name: Required value']);
});

test('the list of addresses and the one agree', () => {
  expect(said({ clusterIPs: ['10.96.0.4'] })).toEqual([
    'spec.clusterIPs: Invalid value: ["10.96.0.4"]: must be empty when `clusterIP` is not specified',
  ]);
  expect(said({ clusterIP: 'None', clusterIPs: ['None'] })).toEqual([]);
});

test('what only a load balancer had goes with the type, unless the client says otherwise', () => {
  const previous = service({ type: 'LoadBalancer', loadBalancerClass: 'a.b/c' });
  const next = service({ ...previous.spec, type: 'ClusterIP' });
  Service.behaviour.prepareForUpdate?.(next, previous, context);
  expect(Object.keys(next.spec)).not.toContain('loadBalancerClass');
  expect(Object.keys(next.spec)).not.toContain('allocateLoadBalancerNodePorts');
  expect(Object.keys(next.spec)).not.toContain('externalTrafficPolicy');
});

test('the class of a load balancer is for life', () => {
  const change = Service.behaviour.validateUpdate?.(
    service({ type: 'LoadBalancer', loadBalancerClass: 'a.b/d' }),
    service({ type: 'LoadBalancer', loadBalancerClass: 'a.b/c' }),
    context,
  );
  expect(change?.map((i) => i.message)).toEqual(['Invalid value: "a.b/d": may not change once set']);
});
