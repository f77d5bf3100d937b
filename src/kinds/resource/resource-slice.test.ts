import { expect, test } from 'vitest';
import type { Issue } from '../../api/issues.ts';
import type { Device, ResourceSliceSpec } from '../generated/types/resource-v1.ts';
import { devicesIssues } from './slice-devices.ts';
import { reportedDevicesIssues } from './claim-devices.ts';

const said = (issues: readonly Issue[]): string[] => issues.map(({ field, message }) => `${field}: ${message}`);

const slice = (devices: Device[]): string[] => {
  const spec: ResourceSliceSpec = {
    driver: 'gpu.example.com',
    nodeName: 'a',
    pool: { name: 'a', generation: 1, resourceSliceCount: 1 },
    devices,
  };
  return said(devicesIssues(spec, undefined));
};

test('devices have attributes of one value each, under names that fit', () => {
  expect(
    slice([{ name: 'gpu-0', attributes: { model: { string: 'a100' }, 'example.com/cores': { int: 7 } } }]),
  ).toEqual([]);
  expect(slice([{ name: 'gpu-0', attributes: { model: {} } }])).toEqual([
    'spec.devices[0].attributes[model]: Invalid value: "": exactly one value must be specified',
  ]);
  expect(slice([{ name: 'gpu-0', attributes: { driver: { version: '1.2' } } }])).toEqual([
    'spec.devices[0].attributes[driver].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0',
  ]);
});

test('devices are told apart by their names', () => {
  expect(slice([{ name: 'gpu-0' }, { name: 'gpu-0' }])).toEqual(['spec.devices[1]: Duplicate value: "gpu-0"']);
});

test('a device is marked with effects that exist', () => {
  expect(slice([{ name: 'gpu-0', taints: [{ key: 'broken', effect: 'Sleep' as 'None' }] }])).toEqual([
    'spec.devices[0].taints[0].effect: Unsupported value: "Sleep": supported values: "NoExecute", "NoSchedule", "None"',
  ]);
});

test('drivers report only of devices that the claim got', () => {
  const allocation = {
    devices: { results: [{ request: 'gpu', driver: 'gpu.example.com', pool: 'a', device: 'gpu-0' }] },
  };
  const device = { driver: 'gpu.example.com', pool: 'a', device: 'gpu-0', conditions: [] };
  const check = (reported: typeof device): string[] =>
    said(reportedDevicesIssues([reported], allocation, 'status.devices'));
  expect(check(device)).toEqual([]);
  expect(check({ ...device, device: 'gpu-1' })).toEqual([
    'status.devices[0]: Invalid value: {"Driver":"gpu.example.com","Pool":"a","Device":"gpu-1","ShareID":""}: must be an allocated device in the claim',
  ]);
});
