import fc from 'fast-check';
import type { OwnerReference } from '../../src/api/object.ts';
import { ConfigMap } from '../../src/kinds/core/config-map.ts';
import { isLeaving, property } from './property.ts';

const policies = ['Background', 'Foreground', 'Orphan'] as const;

type Act =
  | { readonly owners: readonly number[]; readonly blocks: boolean }
  | { readonly remove: number; readonly policy: (typeof policies)[number] }
  | { readonly wait: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ owners: fc.uniqueArray(fc.nat(11), { maxLength: 3 }), blocks: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat(11), policy: fc.constantFrom(...policies) }) },
  fc.record({ wait: fc.integer({ min: 0, max: 5 }) }),
);

export const collection = property({
  name: 'collection',
  says: 'Every object that lost its last owner is gone in the end, and no other',
  nodes: [],
  stories: fc.array(act, { minLength: 4, maxLength: 25 }),

  async play(acts, { client, wait, broken }) {
    const made: ConfigMap[] = [];
    const removed = new Set<string | undefined>();
    const referenceTo = ({ metadata }: ConfigMap, blockOwnerDeletion: boolean): OwnerReference => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      blockOwnerDeletion,
    });
    for (const each of acts) {
      if ('wait' in each) await wait(each.wait);
      else if ('owners' in each) {
        const owners = each.owners.flatMap((at) => made[at] ?? []);
        const ownerReferences = owners.map((owner) => referenceTo(owner, each.blocks));
        const metadata = { name: `m${made.length}`, namespace: 'default', ownerReferences };
        made.push(await client.create(ConfigMap, { metadata }));
      } else {
        const { metadata } = made[each.remove] ?? {};
        if (!metadata || removed.has(metadata.uid)) continue;
        removed.add(metadata.uid);
        const { policy: propagationPolicy } = each;
        await client.delete(ConfigMap, { name: metadata.name ?? '', namespace: 'default' }, { propagationPolicy });
      }
    }
    await wait(60);
    const left = (await client.list(ConfigMap, { namespace: 'default' })).items;
    const uids = new Set(left.map(({ metadata }) => metadata.uid));
    for (const map of left) {
      const owners = map.metadata.ownerReferences ?? [];
      if (isLeaving(map)) broken(`${map.metadata.name} is still on its way out`);
      if (owners.some(({ uid }) => !uids.has(uid))) broken(`${map.metadata.name} still names an owner that is gone`);
    }
    for (const { metadata } of made) {
      const isRoot = (metadata.ownerReferences ?? []).length === 0;
      if (isRoot && !removed.has(metadata.uid) && !uids.has(metadata.uid))
        broken(`${metadata.name} is gone, and nobody asked`);
    }
  },
});
