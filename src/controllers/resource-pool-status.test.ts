import { expect, test } from 'vitest';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import type { ResourceSlice } from '../kinds/resource/resource-slice.ts';
import { planStatus } from './resource-pool-status.ts';

const slice = (pool: string, generation: number, devices: string[], resourceSliceCount = 1): ResourceSlice =>
  ({
    metadata: { name: `${pool}-${generation}` },
    spec: {
      driver: 'gpu.example.com',
      nodeName: pool,
      pool: { name: pool, generation, resourceSliceCount },
      devices: devices.map((name) => ({ name })),
    },
  }) as ResourceSlice;

const claim = (pool: string, device: string): ResourceClaim =>
  ({
    metadata: { name: device },
    spec: {},
    status: { allocation: { devices: { results: [{ request: 'r', driver: 'gpu.example.com', pool, device }] } } },
  }) as ResourceClaim;

const spec = { driver: 'gpu.example.com' };

test('a pool counts the devices of its newest generation, and those that claims have got', () => {
  const slices = [slice('n1', 1, ['a', 'b', 'c']), slice('n1', 2, ['a', 'b']), slice('n2', 1, ['a'])];
  const status = planStatus({ spec }, slices, [claim('n1', 'a'), claim('n1', 'a')], 0);
  expect(status.poolCount).toBe(2);
  expect(status.pools?.[0]).toMatchObject({ poolName: 'n1', generation: 2, totalDevices: 2, allocatedDevices: 1 });
  expect(status.pools?.[1]).toMatchObject({ poolName: 'n2', availableDevices: 1, nodeName: 'n2' });
});

test('a device nothing may be given is neither free nor taken', () => {
  const tainted = slice('n1', 1, ['a', 'b', 'c']);
  for (const [index, effect] of (['NoExecute', 'None'] as const).entries())
    Object.assign(tainted.spec.devices?.[index] ?? {}, { taints: [{ key: 'k', effect }] });
  expect(planStatus({ spec }, [tainted], [claim('n1', 'c')], 0).pools).toMatchObject([
    { totalDevices: 3, allocatedDevices: 1, availableDevices: 1, unavailableDevices: 1 },
  ]);
});

test('a generation that is not whole is told, and not counted', () => {
  const { pools: [pool] = [], conditions } = planStatus({ spec }, [slice('n1', 1, ['a'], 2)], [], 0);
  expect(conditions?.[0]?.message).toBe('Calculated status for 1 pools (1 incomplete)');
  expect(pool).toEqual({
    driver: 'gpu.example.com',
    poolName: 'n1',
    generation: 1,
    nodeName: 'n1',
    validationError: 'PoolIncomplete: pool gpu.example.com/n1 is incomplete: observed 1/2 slices at generation 1',
  });
});

test('the limit cuts the list and not the count', () => {
  const slices = ['c', 'a', 'b'].map((pool) => slice(pool, 1, ['d']));
  const status = planStatus({ spec: { ...spec, limit: 2 } }, slices, [], 0);
  expect([status.poolCount, status.pools?.map(({ poolName }) => poolName)]).toEqual([3, ['a', 'b']]);
});
