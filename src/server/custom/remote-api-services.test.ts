import { expect, test } from 'vitest';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { Service } from '../../kinds/core/service.ts';
import { planAvailability } from './remote-api-services.ts';

const apiService = (service?: object): APIService =>
  ({ metadata: { name: 'v1.example.com' }, spec: { group: 'example.com', version: 'v1', service } }) as APIService;
const service = (port: number): Service =>
  ({ metadata: { name: 'api', namespace: 'a' }, spec: { ports: [{ port }] } }) as Service;

test('another server counts as unavailable, for the first reason there is', () => {
  const remote = apiService({ name: 'api', namespace: 'a' });
  expect(planAvailability(remote, undefined)).toEqual({
    status: 'False',
    reason: 'ServiceNotFound',
    message: 'service/api in "a" is not present',
  });
  expect(planAvailability(remote, service(80))?.reason).toBe('ServicePortError');
  expect(planAvailability(remote, service(443))?.reason).toBe('FailedDiscoveryCheck');
});

test('what this server serves itself is not looked at', () => {
  expect(planAvailability(apiService(), undefined)).toBeUndefined();
});
