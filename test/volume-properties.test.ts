// What always holds of volumes, whatever people and machines do in whatever order.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minutes, seconds } from '../src/base/clock.ts';
import { ApiError } from '../src/api/status.ts';
import { Node } from '../src/kinds/core/node.ts';
import { PersistentVolume } from '../src/kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../src/kinds/core/persistent-volume-claim.ts';
import { Pod } from '../src/kinds/core/pod.ts';
import { VolumeAttachment } from '../src/kinds/storage/volume-attachment.ts';
import { namespace, storageWorld, type StorageWorld } from './support/storage.ts';

const nodeNames = ['n1', 'n2', 'n3'];
const claimNames = ['a', 'b'];
const podNames = ['p', 'q', 'r'];

const node = fc.constantFrom(...nodeNames);
const claim = fc.constantFrom(...claimNames);
const pod = fc.constantFrom(...podNames);

const step = fc.oneof(
  fc.record({ do: fc.constant('claim' as const), claim, mode: fc.constantFrom('ReadWriteOnce', 'ReadWriteOncePod') }),
  fc.record({ do: fc.constant('pod' as const), pod, node, claim }),
  fc.record({ do: fc.constant('delete-pod' as const), pod, grace: fc.constantFrom(0, 1) }),
  fc.record({ do: fc.constant('delete-claim' as const), claim }),
  fc.record({ do: fc.constant('grow' as const), claim }),
  fc.record({ do: fc.constant('power' as const), node, on: fc.boolean() }),
  fc.record({ do: fc.constant('out-of-service' as const), node, is: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 700, seconds(5), minutes(7)) }),
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What may be refused is refused. */
async function attempt(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

async function ready(world: StorageWorld, name: string, status: 'True' | 'Unknown'): Promise<void> {
  const conditions = [{ type: 'Ready', status, reason: 'Test', message: '' }];
  await world.client.patch(
    Node,
    { name, namespace: '' },
    { status: { conditions } },
    { subresource: 'status', type: 'strategic' },
  );
}

async function take(world: StorageWorld, off: Set<string>, each: Step): Promise<void> {
  switch (each.do) {
    case 'claim':
      return attempt(() => world.makeClaim(each.claim, { accessModes: [each.mode] }));
    case 'pod':
      return attempt(() => world.makePod(each.pod, each.node, each.claim));
    case 'delete-pod':
      return attempt(() => world.deletePod(each.pod, each.grace));
    case 'delete-claim':
      return attempt(() => world.client.delete(PersistentVolumeClaim, { name: each.claim, namespace }));
    case 'grow':
      return attempt(() =>
        world.client.patch(
          PersistentVolumeClaim,
          { name: each.claim, namespace },
          { spec: { resources: { requests: { storage: '2Gi' } } } },
        ),
      );
    case 'power':
      if (off.has(each.node) !== each.on) return;
      if (each.on) {
        off.delete(each.node);
        world.nodes.powerOn(each.node);
        return ready(world, each.node, 'True');
      }
      off.add(each.node);
      world.nodes.powerOff(each.node);
      return ready(world, each.node, 'Unknown');
    case 'out-of-service': {
      const taint = { key: 'node.kubernetes.io/out-of-service', value: 'x', effect: 'NoExecute' };
      const isOut = each.is && off.has(each.node);
      return attempt(() =>
        world.client.patch(
          Node,
          { name: each.node, namespace: '' },
          { spec: { taints: isOut ? [taint] : null } },
          { type: 'merge' },
        ),
      );
    }
    case 'wait':
      await world.settle(each.ms);
  }
}

/** Notes what must not be, as soon as it is. */
async function watch(world: StorageWorld): Promise<string[]> {
  const broken: string[] = [];
  const [attachments, nodes, claims] = await Promise.all([
    world.informers.of(VolumeAttachment),
    world.informers.of(Node),
    world.informers.of(PersistentVolumeClaim),
  ]);
  attachments.subscribe(() => {
    const places = new Map<string, string>();
    for (const { spec, status } of attachments.list()) {
      const volume = spec.source.persistentVolumeName ?? '';
      if (!status?.attached) continue;
      if (places.has(volume)) broken.push(`${volume} is attached to ${places.get(volume)} and ${spec.nodeName}`);
      places.set(volume, spec.nodeName);
    }
  });
  nodes.subscribe(() => {
    const places = new Map<string, string>();
    for (const { metadata, status } of nodes.list())
      for (const { name } of status?.volumesAttached ?? []) {
        if (places.has(name)) broken.push(`${name} is on ${places.get(name)} and ${metadata.name}`);
        places.set(name, metadata.name ?? '');
      }
  });
  const volumes = new Map<string, string>();
  claims.subscribe((changes) => {
    for (const { object } of changes) {
      const { uid = '', name } = object?.metadata ?? {};
      const volume = object?.spec?.volumeName ?? '';
      const before = volumes.get(uid) ?? '';
      if (before && volume !== before) broken.push(`${name} went from ${before} to ${volume}`);
      volumes.set(uid, volume);
    }
  });
  return broken;
}

/** Everything is put right, and everybody lets go. */
async function clear(world: StorageWorld, off: Set<string>): Promise<void> {
  for (const name of nodeNames) {
    await take(world, off, { do: 'out-of-service', node: name, is: false });
    await take(world, off, { do: 'power', node: name, on: true });
  }
  await world.settle(minutes(8));
  for (const name of podNames) await attempt(() => world.deletePod(name));
  await world.settle(minutes(1));
  for (const name of claimNames) await attempt(() => world.client.delete(PersistentVolumeClaim, { name, namespace }));
  await world.settle(minutes(8));
}

test('a volume for one node is never on two, a bound claim keeps its volume, every volume is deleted once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 18 }), async (steps) => {
      const made = new Set<string>();
      const removed: string[] = [];
      const world = await storageWorld(nodeNames, (contents) => ({
        ...contents,
        remove(handle) {
          removed.push(handle);
          contents.remove(handle);
        },
      }));
      const broken = await watch(world);
      const off = new Set<string>();
      (await world.informers.of(PersistentVolume)).subscribe((changes) => {
        for (const { object } of changes) if (object) made.add(object.spec?.csi?.volumeHandle ?? '');
      });
      for (const each of steps) await take(world, off, each);
      await clear(world, off);
      expect(broken).toEqual([]);
      expect((await world.client.list(Pod, { namespace })).items.map(({ metadata }) => metadata.name)).toEqual([]);
      expect(await world.volumes()).toEqual([]);
      expect(await world.attachments()).toEqual([]);
      expect(removed.sort()).toEqual([...made].sort());
      await world.stop();
    }),
    { seed: 1, numRuns: 40 },
  );
}, 120_000);
