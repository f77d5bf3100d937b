import { expect, test } from 'vitest';
import type { Device, DeviceClaim, ResourceSlice } from '../kinds/generated/types/resource-v1.ts';
import type { DeviceClass } from '../kinds/resource/device-class.ts';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { allocate, requestsOf, SelectionError } from './device-allocation.ts';
import type { NodeInfo } from './node-info.ts';
import { type ClusterView, emptyView } from './view.ts';

const driver = 'gpu.example.com';
const node = { name: 'here', labels: { zone: 'a' } } as unknown as NodeInfo;

const gpu: DeviceClass = {
  metadata: { name: 'gpu' },
  spec: { selectors: [{ cel: { expression: `device.driver == '${driver}'` } }] },
} as DeviceClass;

const sized = (name: string, size: number, more: Partial<Device> = {}): Device => ({
  name,
  attributes: { size: { int: size } },
  ...more,
});

const slice = (devices: Device[], spec: Partial<ResourceSlice['spec']> = {}): ResourceSlice => ({
  metadata: { name: `slice-${devices.map(({ name }) => name).join('-')}` },
  spec: { driver, nodeName: 'here', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, devices, ...spec },
});

const claim = (devices: DeviceClaim, status: ResourceClaim['status'] = {}): ResourceClaim => ({
  metadata: { name: 'c', namespace: 'here' },
  spec: { devices },
  status,
});

const asks = (name: string, more: object = {}) => ({ name, exactly: { deviceClassName: 'gpu', ...more } });
const bigger = (than: number) => ({
  selectors: [{ cel: { expression: `device.attributes['${driver}'].size > ${than}` } }],
});

function given(wanted: ResourceClaim, slices: readonly ResourceSlice[], others: readonly ResourceClaim[] = []) {
  const view: ClusterView = {
    ...emptyView,
    deviceClass: (name) => (name === 'gpu' ? gpu : undefined),
    resourceSlices: () => slices,
    resourceClaims: () => others,
  };
  const requests = requestsOf([wanted], view);
  if (typeof requests === 'string') return requests;
  const [allocated] = allocate([wanted], requests, node, view) ?? [];
  return allocated?.status?.allocation?.devices?.results?.map(({ request, device }) => `${request}: ${device}`);
}

test('a choice that leaves nothing for a later request is taken back', () => {
  const wanted = claim({ requests: [asks('any'), asks('big', bigger(1))] });
  expect(given(wanted, [slice([sized('b', 2), sized('a', 1)])])).toEqual(['any: a', 'big: b']);
});

test('what others have is not given away, unless it is only looked after', () => {
  const results = [{ request: 'r', driver, pool: 'p', device: 'a' }];
  const other = claim({ requests: [asks('r')] }, { allocation: { devices: { results } } });
  const wanted = claim({ requests: [asks('r')] });
  expect(given(wanted, [slice([sized('a', 1), sized('b', 1)])], [other])).toEqual(['r: b']);
  expect(given(wanted, [slice([sized('a', 1)])], [other])).toBeUndefined();
  expect(given(claim({ requests: [asks('r', { adminAccess: true })] }), [slice([sized('a', 1)])], [other])).toEqual([
    'r: a',
  ]);
});

test('only the newest generation of a pool counts, once all of it has come', () => {
  const old = slice([sized('old', 1)]);
  const half = slice([sized('new', 1)], { pool: { name: 'p', generation: 2, resourceSliceCount: 2 } });
  const rest = slice([sized('rest', 1)], { pool: { name: 'p', generation: 2, resourceSliceCount: 2 } });
  const wanted = claim({ requests: [asks('r')] });
  expect(given(wanted, [old, half])).toBeUndefined();
  expect(given(wanted, [old, half, rest])).toEqual(['r: new']);
});

test('devices of several requests agree, or differ, in an attribute', () => {
  const devices = [sized('a', 1), sized('b', 2), sized('c', 2)];
  const both = { requests: [asks('x'), asks('y')] };
  const same = claim({ ...both, constraints: [{ matchAttribute: `${driver}/size` }] });
  const other = claim({ requests: [asks('x', { count: 2 })], constraints: [{ distinctAttribute: `${driver}/size` }] });
  expect(given(same, [slice(devices)])).toEqual(['x: b', 'y: c']);
  expect(given(other, [slice(devices)])).toEqual(['x: a', 'x: b']);
});

test('all that fit, the first alternative that can be had, and tainted ones only for who tolerates that', () => {
  const tainted = sized('t', 9, { taints: [{ key: 'broken', effect: 'NoSchedule' }] });
  const pool = [slice([sized('a', 1), sized('b', 2), tainted])];
  expect(given(claim({ requests: [asks('r', { allocationMode: 'All' })] }), pool)).toEqual(['r: a', 'r: b']);
  const first = {
    name: 'r',
    firstAvailable: [
      { name: 'huge', deviceClassName: 'gpu', ...bigger(5) },
      { name: 'any', deviceClassName: 'gpu' },
    ],
  };
  expect(given(claim({ requests: [first] }), pool)).toEqual(['r/any: a']);
  const tolerations = [{ key: 'broken', operator: 'Exists' as const }];
  expect(given(claim({ requests: [asks('r', { ...bigger(5), tolerations })] }), pool)).toEqual(['r: t']);
});

test('a class that is not there and a selector that fails are told', () => {
  const none = claim({ requests: [{ name: 'r', exactly: { deviceClassName: 'none' } }] });
  expect(given(none, [])).toBe('request r: device class none does not exist');
  const wanted = claim({ requests: [asks('r', bigger(1))] });
  expect(() => given(wanted, [slice([{ name: 'a' }])])).toThrow(SelectionError);
});
