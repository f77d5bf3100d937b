import { expect, test } from 'vitest';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import { conditionsAfter, passed, planAvailability } from './availability.ts';

const api = {
  metadata: { name: 'v1.example.com' },
  spec: { group: 'example.com', version: 'v1', service: { name: 'api', namespace: 'a' } },
} as APIService;
const service = (port: number, type = 'ClusterIP'): Service =>
  ({ metadata: { name: 'api', namespace: 'a' }, spec: { type, ports: [{ name: 'https', port }] } }) as Service;
const slice = (ready: boolean, name = 'https'): EndpointSlice =>
  ({
    metadata: { name: 's' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready } }],
    ports: [{ name, port: 8443 }],
  }) as EndpointSlice;

test('another server counts as unavailable, for the first reason there is', () => {
  const reasonOf = (...given: [Service | undefined, EndpointSlice[]]) => planAvailability(api, ...given);
  expect(reasonOf(undefined, [])).toEqual({
    status: 'False',
    reason: 'ServiceNotFound',
    message: 'service/api in "a" is not present',
  });
  expect(reasonOf(service(80), [])?.message).toBe('service/api in "a" is not listening on port 443');
  expect(reasonOf(service(443), [])).toMatchObject({
    reason: 'EndpointsNotFound',
    message: 'cannot find endpointslices for service/api in "a"',
  });
  expect(reasonOf(service(443), [slice(false)])).toMatchObject({
    reason: 'MissingEndpoints',
    message: 'endpointslices for service/api in "a" have no addresses with port name "https"',
  });
  expect(reasonOf(service(443), [slice(true, 'other')])?.reason).toBe('MissingEndpoints');
  expect(reasonOf(service(443), [slice(false), slice(true)])).toBeUndefined();
});

test('of a service that is only a name nothing is known before it is asked', () => {
  expect(planAvailability(api, service(80, 'ExternalName'), [])).toBeUndefined();
});

test('a condition keeps its moment until its status changes, and is left alone where nothing is new', () => {
  const failed = (message: string) => ({ status: 'False', reason: 'FailedDiscoveryCheck', message }) as const;
  const first = { ...api, status: { conditions: conditionsAfter(api, failed('a'), 0) } };
  const second = { ...api, status: { conditions: conditionsAfter(first, failed('b'), 60_000) } };
  expect(second.status.conditions).toMatchObject([{ message: 'b', lastTransitionTime: '1970-01-01T00:00:00Z' }]);
  expect(conditionsAfter(second, failed('b'), 120_000)).toBe(second.status.conditions);
  expect(conditionsAfter(second, passed, 120_000)).toMatchObject([
    { status: 'True', reason: 'Passed', lastTransitionTime: '1970-01-01T00:02:00Z' },
  ]);
});
