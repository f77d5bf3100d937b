import { expect, test } from 'vitest';
import type { OwnerReference } from '../../api/object.ts';
import type { StatefulSet } from '../../kinds/apps/stateful-set.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { claimOwners, isContested, isStaleClaim } from './identity.ts';

type Retention = 'Retain' | 'Delete';

const set = (whenDeleted: Retention, whenScaled: Retention): StatefulSet => ({
  metadata: { name: 'db', uid: 'set' },
  spec: {
    serviceName: '',
    selector: {},
    template: {},
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
  },
});

const pod: Pod = { metadata: { name: 'db-1', uid: 'pod' }, spec: { containers: [] } };

const owner = (kind: string, name: string, uid: string, controller = true): OwnerReference => ({
  apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
  kind,
  name,
  uid,
  controller,
});
const bySet = owner('StatefulSet', 'db', 'set');
const byPod = owner('Pod', 'db-1', 'pod');

const claim = (...ownerReferences: OwnerReference[]): PersistentVolumeClaim => ({
  metadata: { name: 'data-db-1', ownerReferences },
  spec: {},
});

const owners = (of: StatefulSet, has: readonly OwnerReference[], condemned = false) =>
  claimOwners(of, pod, claim(...has), condemned)?.map(({ uid }) => uid);

test('the policy decides who owns a claim: the set, a pod beyond its size, or nobody', () => {
  expect(owners(set('Retain', 'Retain'), [])).toBeUndefined();
  expect(owners(set('Retain', 'Retain'), [bySet])).toEqual([]);
  expect(owners(set('Delete', 'Retain'), [])).toEqual(['set']);
  expect(owners(set('Delete', 'Retain'), [bySet], true)).toBeUndefined();
  expect(owners(set('Retain', 'Delete'), [], true)).toEqual(['pod']);
  expect(owners(set('Delete', 'Delete'), [bySet], true)).toEqual(['pod']);
  expect(owners(set('Delete', 'Delete'), [byPod])).toEqual(['set']);
});

test('an owner that does not control is made one that does', () => {
  expect(owners(set('Delete', 'Retain'), [owner('StatefulSet', 'db', 'set', false)])).toEqual(['set']);
});

test("a claim of an earlier set or pod keeps its owners, and a pod's waits for a new one if the policy deletes", () => {
  expect(owners(set('Delete', 'Delete'), [owner('StatefulSet', 'db', 'earlier')])).toBeUndefined();
  const earlier = owner('Pod', 'db-1', 'earlier');
  expect(owners(set('Delete', 'Delete'), [earlier])).toBeUndefined();
  expect(isStaleClaim(set('Retain', 'Delete'), pod, claim(earlier))).toBe(true);
  expect(isStaleClaim(set('Delete', 'Retain'), pod, claim(earlier))).toBe(false);
  expect(isStaleClaim(set('Retain', 'Delete'), pod, claim(byPod))).toBe(false);
});

test('a claim another controller has is left to it, ours removed; unless the policy retains everything', () => {
  const other = owner('Backup', 'b', 'backup');
  expect(isContested(set('Delete', 'Retain'), pod, claim(other))).toBe(true);
  expect(owners(set('Delete', 'Retain'), [other])).toBeUndefined();
  expect(owners(set('Delete', 'Retain'), [other, bySet])).toEqual(['backup']);
  expect(isContested(set('Retain', 'Retain'), pod, claim(other))).toBe(false);
});
