import { expect, test } from 'vitest';
import { samplePod } from './samples.ts';
import { requestsOf } from './resources.ts';

const container = (name: string, cpu: string, restartPolicy?: 'Always') => ({
  name,
  resources: { requests: { cpu } },
  ...(restartPolicy && { restartPolicy }),
});
const cpuOf = (spec: Parameters<typeof samplePod>[1]) => requestsOf(samplePod('p', spec)).requests.milliCPU;

test('containers add up, init containers do not', () => {
  const containers = [container('a', '1'), container('b', '500m')];
  expect(cpuOf({ spec: { containers, initContainers: [container('i', '1'), container('j', '2')] } })).toBe(2000);
  expect(cpuOf({ spec: { containers, initContainers: [container('i', '1')] } })).toBe(1500);
});

test('a sidecar adds to the containers and to the init containers after it', () => {
  const containers = [container('a', '1')];
  const sidecar = container('s', '1', 'Always');
  expect(cpuOf({ spec: { containers, initContainers: [sidecar] } })).toBe(2000);
  expect(cpuOf({ spec: { containers, initContainers: [sidecar, container('i', '3')] } })).toBe(4000);
  expect(cpuOf({ spec: { containers, initContainers: [container('i', '3'), sidecar] } })).toBe(3000);
});

test('what the pod as a whole requests counts instead, and overhead is added', () => {
  const spec = { containers: [container('a', '1')], resources: { requests: { cpu: '3' } }, overhead: { cpu: '250m' } };
  expect(cpuOf({ spec })).toBe(3250);
});

test('a container being resized in place counts with the larger amount', () => {
  const status = { containerStatuses: [{ name: 'a', allocatedResources: { cpu: '4' } }] } as never;
  expect(cpuOf({ spec: { containers: [container('a', '1')] }, status })).toBe(4000);
});

test('containers without requests are scored with a minimum, but one of nought stays so', () => {
  expect(requestsOf(samplePod('p')).scored).toEqual({ milliCPU: 100, memory: 200 * 1024 * 1024 });
  expect(requestsOf(samplePod('p', { requests: { cpu: '0', memory: '0' } })).scored).toEqual({
    milliCPU: 0,
    memory: 0,
  });
});
