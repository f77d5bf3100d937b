import { expect, test } from 'vitest';
import { internalValue } from './internal-value.ts';
import { namedSchema } from './schemas.ts';

test('a struct shows all its fields by their Go names, and nil where nothing is given', () => {
  const claim = {
    devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'gpu', allocationMode: 'All' } }] },
  };
  expect(JSON.stringify(internalValue(namedSchema('io.k8s.api.resource.v1.ResourceClaimSpec'), claim))).toBe(
    '{"Devices":{"Requests":[{"Name":"one","Exactly":{"DeviceClassName":"gpu","Selectors":null,"AllocationMode":"All","Count":0,' +
      '"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}',
  );
});

test('conditions are the same inside and outside', () => {
  const status = { poolCount: 1, conditions: [{ type: 'Complete', status: 'True' }] };
  const schema = namedSchema('io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequestStatus');
  expect(internalValue(schema, status)).toEqual({ PoolCount: 1, Pools: null, Conditions: status.conditions });
});
