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

const changed = (before: Partial<ServiceSpec>, next: Partial<ServiceSpec>) =>
  (Service.behaviour.validateUpdate?.(service(next), service(before), context) ?? []).map(
    (i) => `${i.field}: ${i.message}`,
  );

test('addresses are looked at one by one, and only good ones together', () => {
  const three = { clusterIP: '10.96.0.4', clusterIPs: ['10.96.0.4', '10.96.0.5', '10.96.0.6'] };
  const shown = '["10.96.0.4","10.96.0.5","10.96.0.6"]';
  expect(said(three)).toEqual([
    `spec.clusterIPs: Invalid value: ${shown}: may only hold up to 2 values`,
    `spec.clusterIPs: Invalid value: ${shown}: may specify no more than one IP for each IP family`,
  ]);
  expect(said({ clusterIP: '10.96.0.4', clusterIPs: ['10.96.0.4', 'None'] })).toEqual([
    'spec.clusterIPs[1]: Invalid value: "None": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
  expect(said({ clusterIPs: ['10.96.0.4'], ipFamilies: ['IPv5' as 'IPv4'] }).map((text) => text.split(':')[0])).toEqual(
    ['spec.clusterIPs', 'spec.ipFamilies[0]'],
  );
});

test('the second family may be given back by those who want one only', () => {
  const both: Partial<ServiceSpec> = {
    clusterIP: '10.96.0.4',
    clusterIPs: ['10.96.0.4', 'fd00::4'],
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'PreferDualStack',
  };
  const one: Partial<ServiceSpec> = { clusterIP: '10.96.0.4', clusterIPs: ['10.96.0.4'], ipFamilies: ['IPv4'] };
  expect(changed(both, { ...one, ipFamilyPolicy: 'SingleStack' })).toEqual([]);
  expect(changed(both, one)).toEqual([
    `spec.ipFamilyPolicy: Invalid value: null: must be set to 'SingleStack' when releasing the secondary clusterIP`,
    `spec.ipFamilyPolicy: Invalid value: null: must be set to 'SingleStack' when releasing the secondary ipFamily`,
  ]);
  expect(changed(both, { ...both, ipFamilies: ['IPv6', 'IPv4'] }).slice(0, 2)).toEqual(
    Array.from({ length: 2 }, () => 'spec.ipFamilies[0]: Invalid value: ["IPv6","IPv4"]: may not change once set'),
  );
});

test('ranges may have space around them, which refusals do not show', () => {
  const loadBalancer = (range: string) => said({ type: 'LoadBalancer', loadBalancerSourceRanges: [range] });
  expect(loadBalancer(' 10.0.0.0/8 ')).toEqual([]);
  expect(loadBalancer(' ten ')).toEqual([
    'spec.LoadBalancerSourceRanges[0]: Invalid value: "ten": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ]);
});

test('a load balancer may listen where kubelets do', () => {
  expect(said({ type: 'LoadBalancer', ports: [{ port: 10_250 }] })).toEqual([]);
});

test('ports on nodes go with the type though some of them went before', () => {
  const ports = [
    { name: 'a', port: 80, nodePort: 30_080 },
    { name: 'b', port: 81, nodePort: 30_081 },
  ];
  const previous = service({ type: 'NodePort', ports });
  const next = service({ ...previous.spec, type: 'ClusterIP', ports: ports.slice(0, 1) });
  Service.behaviour.prepareForUpdate?.(next, previous, context);
  expect(next.spec.ports?.[0]).not.toHaveProperty('nodePort');
});

test('warnings come in the order of Kubernetes', () => {
  const warned = (spec: Partial<ServiceSpec>) => Service.behaviour.warnings?.(service(spec), undefined);
  const odd = { externalIPs: ['2001:DB8::1'], externalName: 'a.b', loadBalancerSourceRanges: ['10.0.0.1/8'] };
  expect(warned({ ...odd, type: 'LoadBalancer' })).toEqual([
    'spec.externalIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
    'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
});
