import { expect, test } from 'vitest';
import { virtualClock } from '../base/virtual-clock.ts';
import { createQueue } from './queue.ts';
import { samplePodInfo, sampleNode } from './samples.ts';

function setup() {
  const clock = virtualClock(0);
  const queue = createQueue({ clock, onReady() {} });
  return { clock, queue, take: () => queue.take()?.pod.name };
}

const fit = new Set(['NodeResourcesFit']);
const gone = { name: 'PodGone', pod: samplePodInfo('q'), nodeName: 'a' } as const;
const pod = (name: string, priority = 0) => samplePodInfo(name, { spec: { priority } });

test('the higher priority goes first, then who came first', () => {
  const { queue, take } = setup();
  for (const each of [pod('low', 1), pod('early', 2), pod('late', 2)]) queue.put(each);
  expect([take(), take(), take(), take()]).toEqual(['early', 'late', 'low', undefined]);
});

test('a refused pod waits until something happens that its plugins wait for', () => {
  const { queue, take } = setup();
  queue.put(pod('p'));
  take();
  queue.refused('uid-p', new Set(['NodeAffinity']));
  queue.happened(gone);
  expect(take()).toBeUndefined();
  queue.happened({ name: 'NodeAdded', node: sampleNode('a') });
  expect(take()).toBe('p');
});

test('a pod that just failed goes after those that did not, whatever its priority', () => {
  const { queue, take } = setup();
  queue.put(pod('failed', 9));
  take();
  queue.refused('uid-failed', fit);
  queue.put(pod('fresh'));
  queue.happened(gone);
  expect([take(), take()]).toEqual(['fresh', 'failed']);
});

test('once its pause is over it goes first again', async () => {
  const { clock, queue, take } = setup();
  queue.put(pod('failed', 9));
  take();
  queue.refused('uid-failed', fit);
  await clock.advance(2000);
  queue.put(pod('fresh'));
  queue.happened(gone);
  expect([take(), take()]).toEqual(['failed', 'fresh']);
});

test('a pod that nothing woke is tried again after five minutes', async () => {
  const { clock, queue, take } = setup();
  queue.put(pod('p'));
  take();
  queue.refused('uid-p', fit);
  await clock.advance(290_000);
  expect(take()).toBeUndefined();
  await clock.advance(60_000);
  expect(take()).toBe('p');
});

test('after an error the pauses double up to ten seconds, each lasting to the end of its second', async () => {
  const { clock, queue, take } = setup();
  queue.put(pod('p'));
  for (const pause of [1000, 2000, 4000, 8000, 10_000, 10_000].map((each) => each + 1000)) {
    expect(take()).toBe('p');
    queue.broken('uid-p');
    await clock.advance(pause - 1);
    expect(take()).toBeUndefined();
    await clock.advance(1);
  }
});

test('the pauses are as long as one says', async () => {
  const clock = virtualClock(0);
  const queue = createQueue({ clock, onReady() {}, podInitialBackoff: 3000, podMaxBackoff: 5000 });
  queue.put(pod('p'));
  for (const pause of [4000, 6000, 6000]) {
    expect(queue.take()?.pod.name).toBe('p');
    queue.broken('uid-p');
    await clock.advance(pause - 1);
    expect(queue.take()).toBeUndefined();
    await clock.advance(1);
  }
});

test('without a node to be refused by a pod is tried again after a pause', async () => {
  const { clock, queue, take } = setup();
  queue.put(pod('p'));
  take();
  queue.refused('uid-p', new Set());
  await clock.advance(1999);
  expect(take()).toBeUndefined();
  await clock.advance(1);
  expect(take()).toBe('p');
});

test('a change of the pod itself wakes it only when it could help against what refused it', () => {
  const { queue, take } = setup();
  const tolerating = samplePodInfo('p', { spec: { tolerations: [{ operator: 'Exists' }] } });
  for (const plugin of ['NodeResourcesFit', 'TaintToleration']) {
    queue.put(pod('p'));
    take();
    queue.refused('uid-p', new Set([plugin]));
    queue.put(tolerating);
    expect(take()).toBe(plugin === 'TaintToleration' ? 'p' : undefined);
    queue.drop('uid-p');
  }
});

test('room that a pod of low priority frees helps nobody above it', () => {
  const { queue, take } = setup();
  queue.put(pod('p', 5));
  take();
  queue.refused('uid-p', fit);
  queue.happened(gone, 4);
  expect(take()).toBeUndefined();
  queue.happened(gone, 5);
  expect(take()).toBe('p');
});

test('a gated pod comes in when its last gate goes', () => {
  const { queue, take } = setup();
  queue.put(samplePodInfo('p', { spec: { schedulingGates: [{ name: 'g' }] } }));
  expect(take()).toBeUndefined();
  queue.put(pod('p'));
  expect(take()).toBe('p');
});

test('nothing wakes a pod that is held', () => {
  const { queue, take } = setup();
  queue.put(pod('p'));
  take();
  queue.hold('uid-p');
  queue.refused('uid-p', fit);
  queue.happened(gone);
  expect(take()).toBeUndefined();
  queue.release('uid-p');
  queue.happened(gone);
  expect(take()).toBe('p');
});
