import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import { seconds } from '../../base/clock.ts';
import { Event } from '../../kinds/core/event.ts';
import { Node } from '../../kinds/core/node.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { StorageClass } from '../../kinds/storage/storage-class.ts';
import { startControllers } from '../../reconcile/manager.ts';
import { volumeBinderController } from '../persistent-volume-binder.ts';
import { claimBinderController } from '../persistent-volume-claim-binder.ts';
import { simulatedStorage } from './index.ts';
import { claimProtectionController, volumeProtectionController } from '../volume-protection.ts';

const namespace = 'here';
const className = 'disk';

/** A server and the controllers of volumes; no scheduler, no nodes. */
async function storage(volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer', reclaimPolicy = 'Delete') {
  const bare = await bareServer({ namespaces: [namespace] });
  const { client, clock } = bare;
  const bugs: unknown[] = [];
  await client.create(StorageClass, {
    metadata: { name: className },
    provisioner: 'example.com/disk',
    volumeBindingMode,
    reclaimPolicy: reclaimPolicy as 'Delete',
    allowVolumeExpansion: true,
  });
  const manager = await startControllers(
    [
      claimBinderController,
      volumeBinderController,
      claimProtectionController,
      volumeProtectionController,
      ...simulatedStorage({ copy: () => {}, remove: () => {} }, () => undefined),
    ],
    { ...bare, onBug: (_controller, _key, error) => bugs.push(error) },
  );
  onTestFinished(() => {
    manager.stop();
    expect(bugs).toEqual([]);
  });
  await client.create(PersistentVolumeClaim, {
    metadata: { name: 'c', namespace },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: className,
      resources: { requests: { storage: '1Gi' } },
    },
  });
  await clock.advance(seconds(5));
  return {
    client,
    clock,
    claim: () => client.get(PersistentVolumeClaim, 'c', namespace),
    volumes: async () => (await client.list(PersistentVolume)).items,
  };
}

test('a claim of any class gets a volume made for it, marked as simulated', async () => {
  const { client, claim, volumes } = await storage('Immediate');
  const { metadata, spec, status } = await claim();
  expect(status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } });
  expect(spec?.volumeName).toBe(`pvc-${metadata.uid}`);
  const [volume] = await volumes();
  expect(volume?.metadata.labels).toEqual({ 'portolan.dev/simulated': 'true' });
  expect(volume?.metadata.annotations?.['pv.kubernetes.io/provisioned-by']).toBe('example.com/disk');
  const reasons = (await client.list(Event, { namespace })).items.map(({ reason }) => reason);
  expect(reasons).toEqual(expect.arrayContaining(['ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded']));
});

test('a claim that waits for its consumer gets its volume in the zone of the chosen node', async () => {
  const { client, clock, claim, volumes } = await storage('WaitForFirstConsumer');
  expect((await claim()).status?.phase).toBe('Pending');
  expect(await volumes()).toEqual([]);
  const zone = { 'topology.kubernetes.io/zone': 'a' };
  await client.create(Node, { metadata: { name: 'n', labels: zone }, spec: {} });
  const choice = { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n' } } };
  await client.patch(PersistentVolumeClaim, { name: 'c', namespace }, choice);
  await clock.advance(seconds(5));
  const [volume] = await volumes();
  expect(volume?.status?.phase).toBe('Bound');
  expect(volume?.spec?.nodeAffinity?.required?.nodeSelectorTerms).toEqual([
    { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] }] },
  ]);
});

test('a claim that asks for more gets more, once a node has enlarged the file system', async () => {
  const { client, clock, claim, volumes } = await storage('Immediate');
  const more = { spec: { resources: { requests: { storage: '3Gi' } } } };
  await client.patch(PersistentVolumeClaim, { name: 'c', namespace }, more);
  await clock.advance(seconds(5));
  expect((await volumes())[0]?.spec?.capacity).toEqual({ storage: '3Gi' });
  expect((await claim()).status).toMatchObject({
    capacity: { storage: '1Gi' },
    allocatedResources: { storage: '3Gi' },
    allocatedResourceStatuses: { storage: 'NodeResizePending' },
    conditions: [
      { type: 'Resizing', status: 'True' },
      { type: 'FileSystemResizePending', status: 'True' },
    ],
  });
  expect((await volumes())[0]?.metadata.annotations?.['volume.alpha.kubernetes.io/pre-resize-capacity']).toBe('1Gi');
});

test.each([
  ['Delete', []],
  ['Retain', ['Released']],
])('with the policy %s, what is left of the volumes after the claim went is %j', async (policy, left) => {
  const { client, clock, volumes } = await storage('Immediate', policy);
  await client.delete(PersistentVolumeClaim, { name: 'c', namespace });
  await clock.advance(seconds(5));
  expect((await volumes()).map(({ status }) => status?.phase)).toEqual(left);
});

test('a claim whose volume is gone is lost', async () => {
  const { client, clock, claim, volumes } = await storage('Immediate');
  const [volume] = await volumes();
  const target = { name: volume?.metadata.name ?? '', namespace: '' };
  await client.delete(PersistentVolume, target);
  await client.patch(PersistentVolume, target, { metadata: { finalizers: null } });
  await clock.advance(seconds(5));
  expect((await claim()).status?.phase).toBe('Lost');
});
