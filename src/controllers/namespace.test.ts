import { expect, test } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { type Emptied, planNamespace } from './namespace.ts';

const object = (...finalizers: string[]): KubeObject => ({ metadata: { name: 'x', finalizers } });
const pods = { group: '', version: 'v1', plural: 'pods' };
const flowers = { group: 'garden.test', version: 'v1', plural: 'flowers' };
const emptied = (change: Partial<Emptied> = {}): Emptied => ({ kind: flowers, left: [], grace: 0, ...change });

const plan = (of: readonly Emptied[], stale: readonly string[] = []) =>
  planNamespace({ name: 'a', emptied: of, stale, before: [], now: '2026-01-01T00:00:00Z' });
const troubles = (...given: Parameters<typeof plan>) =>
  plan(...given)
    .conditions.filter(({ status }) => status === 'True')
    .map(({ type, reason, message }) => [type, reason, message]);

test('a namespace with nothing left is done, and says so in five conditions', () => {
  const { done, conditions } = plan([emptied()]);
  expect(done).toBe(true);
  expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
    ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
    ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
    ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
    ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
  ]);
});

test('a server that does not say what it serves may hold something still', () => {
  expect(plan([emptied()], ['b.test/v1', 'a.test/v1'])).toMatchObject({ done: false });
  expect(troubles([emptied()], ['b.test/v1', 'a.test/v1'])).toEqual([
    [
      'NamespaceDeletionDiscoveryFailure',
      'DiscoveryFailed',
      'Discovery failed for some groups, 2 failing: unable to retrieve the complete list of server APIs: ' +
        'a.test/v1: stale GroupVersion discovery: a.test/v1, b.test/v1: stale GroupVersion discovery: b.test/v1',
    ],
  ]);
});

test('what finalizers hold is waited for; what nothing holds should not be there', () => {
  const held = emptied({ left: [object('a.test/f'), object()] });
  expect(plan([held])).toMatchObject({ done: false, after: 5000 });
  expect(troubles([held])).toEqual([
    [
      'NamespaceContentRemaining',
      'SomeResourcesRemain',
      'Some resources are remaining: flowers.garden.test has 2 resource instances',
    ],
    [
      'NamespaceFinalizersRemaining',
      'SomeFinalizersRemain',
      'Some content in the namespace has finalizers remaining: a.test/f in 1 resource instances',
    ],
  ]);
  expect(troubles([emptied({ left: [object()] })])[0]).toEqual([
    'NamespaceDeletionContentFailure',
    'ContentDeletionFailed',
    'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: a for gvr: garden.test/v1, Resource=flowers',
  ]);
});

test('pods have their grace, during which nothing is told of what is left', () => {
  const ending = emptied({ kind: pods, left: [object()], grace: 4 });
  expect(troubles([ending])).toEqual([]);
  expect(plan([ending])).toMatchObject({ done: false, after: 3000 });
  expect(troubles([{ ...ending, grace: 0 }])).toEqual([
    [
      'NamespaceDeletionContentFailure',
      'ContentDeletionFailed',
      'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: a for gvr: /v1, Resource=pods',
    ],
  ]);
});

test('a condition keeps its moment while its status is the same', () => {
  const failed = (error: string) => [emptied({ error })];
  const { conditions: before } = plan(failed('one'));
  const state = { name: 'a', stale: [], before, now: '2026-01-01T01:00:00Z' };
  const after = (of: readonly Emptied[]) =>
    planNamespace({ ...state, emptied: of }).conditions.find(({ type }) => type === 'NamespaceDeletionContentFailure');
  expect(after(failed('two'))).toMatchObject({
    message: 'Failed to delete all resource types, 1 remaining: two',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  expect(after([emptied()])).toMatchObject({ status: 'False', lastTransitionTime: '2026-01-01T01:00:00Z' });
});
