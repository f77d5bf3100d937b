import { expect, test } from 'vitest';
import { apiVersionOf, type Kind } from '../../api/kind.ts';
import type { OwnerReference } from '../../api/object.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import { Node as NodeKind } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { createGraph, type Node } from './graph.ts';
import { type CollectionPlan, planCollection, strayReference } from './plan.ts';

const all: readonly Kind[] = [ConfigMap, NodeKind, Pod] as unknown as readonly Kind[];
const kinds = {
  find: ({ apiVersion, kind }: Pick<OwnerReference, 'apiVersion' | 'kind'>) =>
    all.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion),
};

interface Traits {
  readonly owners?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly leaving?: boolean;
  readonly namespace?: string;
}

const map = (name: string, { owners = [], finalizers = [], leaving, namespace = 'ns' }: Traits = {}): Node => ({
  kind: ConfigMap as unknown as Kind,
  object: {
    metadata: {
      name,
      namespace,
      uid: name,
      ownerReferences: [...owners],
      finalizers: [...finalizers],
      ...(leaving && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
  },
});

const by = (name: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid: name,
  ...more,
});

function plan(subject: Node, ...others: readonly Node[]): CollectionPlan {
  const graph = createGraph();
  for (const node of [subject, ...others]) graph.put(node);
  return planCollection(subject, graph, kinds);
}

test('an object whose owners are all gone is deleted; one that still has an owner only forgets the others', () => {
  expect(plan(map('child', { owners: [by('gone')] }))).toMatchObject({ step: 'delete', policy: 'Background' });
  expect(plan(map('child', { owners: [by('gone'), by('there')] }), map('there'))).toEqual({
    step: 'forget owners',
    uids: ['gone'],
  });
  expect(plan(map('child', { owners: [by('there')] }), map('there'))).toEqual({ step: 'leave' });
});

test('an owner of the same name but another uid is not the owner', () => {
  expect(plan(map('child', { owners: [by('there', { uid: 'earlier' })] }), map('there')).step).toBe('delete');
});

test('owners of a kind nobody knows are never taken for absent', () => {
  expect(plan(map('child', { owners: [by('x', { apiVersion: 'example.com/v1', kind: 'X' })] }))).toEqual({
    step: 'leave',
  });
});

test('an owner in another namespace counts as absent, and is worth telling', () => {
  const child = map('child', { owners: [by('there')] });
  const elsewhere = map('there', { namespace: 'other' });
  expect(plan(child, elsewhere).step).toBe('delete');
  const graph = createGraph();
  for (const node of [child, elsewhere]) graph.put(node);
  expect(strayReference(child, graph)?.name).toBe('there');
});

test('a foreground deletion waits for the dependents that block it, and for no others', () => {
  const owner = map('owner', { leaving: true, finalizers: ['foregroundDeletion'] });
  const blocking = map('child', { owners: [by('owner', { blockOwnerDeletion: true })] });
  expect(plan(owner, blocking)).toMatchObject({ step: 'await', dependents: [blocking] });
  expect(plan(owner, map('child', { owners: [by('owner')] }))).toEqual({ step: 'finish foreground' });
  expect(plan(blocking, owner)).toMatchObject({ step: 'delete', policy: 'Background' });
});

test('a dependent with dependents of its own goes in the foreground too, and a circle is cut', () => {
  const owner = map('owner', { leaving: true, finalizers: ['foregroundDeletion'] });
  const child = map('child', { owners: [by('owner', { blockOwnerDeletion: true })] });
  const grandchild = map('grandchild', { owners: [by('child')] });
  expect(plan(child, owner, grandchild)).toEqual({ step: 'delete', policy: 'Foreground', unblock: false });
  const circular = map('owner', { leaving: true, finalizers: ['foregroundDeletion'], owners: [by('child')] });
  expect(plan(child, circular)).toEqual({ step: 'delete', policy: 'Foreground', unblock: true });
});

test('an owner that is orphaning lets its dependents go first', () => {
  const owner = map('owner', { leaving: true, finalizers: ['orphan'] });
  const child = map('child', { owners: [by('owner')] });
  expect(plan(owner, child)).toEqual({ step: 'orphan', dependents: [child] });
});
