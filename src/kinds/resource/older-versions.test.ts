import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { claimConversions, sliceConversions } from './older-versions.ts';

const { toHub, fromHub } = claimConversions.v1beta1 ?? {};
const word = fc.constantFrom('a', 'b', 'gpu.example.com');
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** What v1beta1 can say of a request: itself, or alternatives. */
const request = fc.oneof(
  fc.record({
    name: word,
    deviceClassName: word,
    allocationMode: fc.constantFrom('All', 'ExactCount'),
    count: optional(fc.integer({ min: 1, max: 9 })),
    adminAccess: optional(fc.boolean()),
    selectors: optional(fc.constant([{ cel: { expression: 'true' } }])),
  }),
  fc.record({
    name: word,
    deviceClassName: fc.constant(''),
    firstAvailable: fc.array(fc.record({ name: word, deviceClassName: word }), { minLength: 1, maxLength: 3 }),
  }),
);

/** Without the fields that are undefined, which JSON does not know. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const claimOf = (requests: unknown[]): KubeObject =>
  ({ metadata: { name: 'c' }, spec: { devices: { requests } } }) as KubeObject;

test('what v1beta1 says of requests comes back from v1 as it was', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 4 }), (requests) => {
      const claim = plain(claimOf(requests));
      const back = fromHub?.(toHub?.(plain(claim)) as KubeObject);
      expect(plain(back)).toEqual(claim);
    }),
    { seed: 1 },
  );
});

test('a request that asks for nothing by itself asks for nothing in v1 either', () => {
  expect(toHub?.(claimOf([{ name: 'one', deviceClassName: '' }]))).toEqual(claimOf([{ name: 'one' }]));
  expect(toHub?.(claimOf([{ name: 'one', deviceClassName: '', count: 2 }]))).toEqual(
    claimOf([{ name: 'one', exactly: { deviceClassName: '', count: 2 } }]),
  );
});

test('the facts of a device lie in basic in v1beta1', () => {
  const slice = { metadata: { name: 's' }, spec: { devices: [{ name: 'd', attributes: { a: { int: 1 } } }] } };
  const old = sliceConversions.v1beta1?.fromHub?.(structuredClone(slice) as unknown as KubeObject);
  expect(old).toEqual({
    metadata: { name: 's' },
    spec: { devices: [{ name: 'd', basic: { attributes: { a: { int: 1 } } } }] },
  });
  expect(sliceConversions.v1beta1?.toHub?.(old as KubeObject)).toEqual(slice);
});
