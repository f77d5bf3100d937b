import { expect, test } from 'vitest';
import type { Pod, PodSpec } from '../kinds/generated/types/core-v1.ts';
import { planEviction, pressureRefusal, type Candidate } from './eviction.ts';

const mi = 1024 ** 2;

interface Given {
  readonly request?: string;
  readonly priority?: number;
  readonly spec?: Partial<PodSpec>;
  readonly annotations?: Record<string, string>;
}

const podOf = (name: string, { request, priority, spec, annotations }: Given = {}): Pod => ({
  metadata: { name, ...(annotations && { annotations }) },
  spec: {
    ...(priority !== undefined && { priority }),
    containers: [{ name: 'c', ...(request && { resources: { requests: { memory: request } } }) }],
    ...spec,
  },
});

const candidate = (name: string, used: number, given: Given = {}): Candidate => ({
  pod: podOf(name, given),
  usage: [{ name: 'c', memory: used * mi }],
});

const orderOf = (of: 'memory' | 'disk' | 'pid', candidates: readonly Candidate[]): string[] => {
  const left = [...candidates];
  const order: string[] = [];
  for (;;) {
    const next = planEviction({ of, available: 1 }, left);
    if (!next) return order;
    order.push(next.pod.metadata.name ?? '');
    left.splice(
      left.findIndex(({ pod }) => pod === next.pod),
      1,
    );
  }
};

test('of memory, those not measured go first, then those above their requests, the less important before, then those most above', () => {
  const candidates = [
    candidate('modest', 900, { request: '1Gi', priority: -5 }),
    candidate('important', 500, { request: '100Mi', priority: 10 }),
    candidate('little', 110, { request: '100Mi' }),
    candidate('much', 300, { request: '200Mi' }),
    candidate('nothing asked', 200),
    { pod: podOf('not measured', { priority: 99 }), usage: [] },
  ];
  expect(orderOf('memory', candidates)).toEqual([
    'not measured',
    'nothing asked',
    'much',
    'little',
    'important',
    'modest',
  ]);
});

test('of disk and processes, the less important go first', () => {
  const candidates = [candidate('b', 0, { priority: 5 }), candidate('a', 900, { priority: 1 })];
  expect(orderOf('disk', candidates)).toEqual(['a', 'b']);
  expect(orderOf('pid', candidates)).toEqual(['a', 'b']);
});

test('critical pods stay', () => {
  const mirror = { 'kubernetes.io/config.mirror': 'x' };
  const candidates = [
    candidate('system', 900, { priority: 2_000_001_000 }),
    candidate('static', 900, { annotations: mirror }),
  ];
  expect(orderOf('memory', candidates)).toEqual([]);
});

test('the message names what was short and who used more than it asked for', () => {
  const greedy = candidate('greedy', 300, { request: '200Mi' });
  expect(planEviction({ of: 'memory', available: 50 * mi }, [greedy])).toMatchObject({
    message:
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 300Mi, request is 200Mi, has larger consumption of memory. ',
    annotations: {
      offending_containers: 'c',
      offending_containers_usage: '300Mi',
      starved_resource: 'memory',
    },
  });
  expect(planEviction({ of: 'disk', available: 5 * 1024 * mi }, [greedy])?.message).toBe(
    'The node was low on resource: ephemeral-storage. Threshold quantity: 10737418400, available: 5Gi. ',
  );
});

test('a node short of memory refuses those that ask for nothing; short of anything else, all', () => {
  const anything = podOf('anything');
  const toleration = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' } as const;
  const refused = { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' };
  expect(pressureRefusal(anything, ['MemoryPressure'])).toEqual(refused);
  expect(pressureRefusal(anything, [])).toBeUndefined();
  expect(pressureRefusal(podOf('asks', { request: '1Mi' }), ['MemoryPressure'])).toBeUndefined();
  expect(pressureRefusal(podOf('tolerant', { spec: { tolerations: [toleration] } }), ['MemoryPressure'])).toBe(
    undefined,
  );
  expect(pressureRefusal(podOf('asks', { request: '1Mi' }), ['DiskPressure'])?.message).toBe(
    'The node had condition: [DiskPressure]. ',
  );
  expect(pressureRefusal(podOf('critical', { priority: 2_000_000_000 }), ['DiskPressure'])).toBeUndefined();
});
