import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { minutes, seconds } from '../src/base/clock.ts';
import { Node } from '../src/kinds/core/node.ts';
import { PersistentVolumeClaim } from '../src/kinds/core/persistent-volume-claim.ts';
import { CSIDriver } from '../src/kinds/storage/csi-driver.ts';
import { VolumeAttributesClass } from '../src/kinds/storage/volume-attributes-class.ts';
import { namespace, storageWorld } from './support/storage.ts';

test('a pod runs once its volume is attached, and the volume is detached once the pod is gone', async () => {
  const world = await storageWorld();
  await world.makeClaim();
  await world.makePod('p', 'n1');
  await world.settle();
  expect((await world.pod('p')).status?.phase).toBe('Running');
  const [volume] = await world.volumes();
  const handle = volume?.spec?.csi?.volumeHandle ?? '';
  const unique = `kubernetes.io/csi/disk.example.com^${handle}`;
  const [attachment] = await world.attachments();
  const digest = createHash('sha256').update(`${handle}disk.example.comn1`).digest('hex');
  expect(attachment).toMatchObject({
    metadata: { name: `csi-${digest}`, finalizers: ['external-attacher/disk-example-com'] },
    spec: { attacher: 'disk.example.com', nodeName: 'n1', source: { persistentVolumeName: volume?.metadata.name } },
    status: { attached: true },
  });
  expect((await world.node('n1')).status).toMatchObject({
    volumesInUse: [unique],
    volumesAttached: [{ name: unique, devicePath: '' }],
  });
  expect(await world.told('p')).toContain(
    `SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "${volume?.metadata.name}" `,
  );
  await world.deletePod('p');
  await world.settle();
  expect(await world.attachments()).toEqual([]);
  const { status } = await world.node('n1');
  expect([status?.volumesInUse, status?.volumesAttached]).toEqual([undefined, undefined]);
});

test('a volume for one node is not attached to a second one: its pod says who has it, and starts when it is free', async () => {
  const world = await storageWorld();
  await world.makeClaim();
  await world.makePod('first', 'n1');
  await world.settle();
  await world.makePod('second', 'n2');
  await world.settle();
  const [volume] = await world.volumes();
  expect(await world.told('second')).toEqual([
    `FailedAttachVolume: Multi-Attach error for volume "${volume?.metadata.name}" Volume is already used by pod(s) first`,
  ]);
  expect((await world.pod('second')).status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
  await world.deletePod('first');
  await world.settle();
  expect((await world.pod('second')).status?.phase).toBe('Running');
  expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n2']);
});

test('a volume for many nodes is attached to each', async () => {
  const world = await storageWorld();
  await world.makeClaim('c', { accessModes: ['ReadWriteMany'] });
  await world.makePod('first', 'n1');
  await world.makePod('second', 'n2');
  await world.settle();
  expect((await world.attachments()).map(({ spec }) => spec.nodeName).sort()).toEqual(['n1', 'n2']);
});

test('two pods of one node share a volume, unless it is for one pod only', async () => {
  const world = await storageWorld();
  await world.makeClaim('c', { accessModes: ['ReadWriteOncePod'] });
  await world.makePod('first', 'n1');
  await world.settle();
  await world.makePod('second', 'n1');
  await world.settle(seconds(5));
  const [volume] = await world.volumes();
  expect(await world.told('second')).toContain(
    `FailedMount: MountVolume.SetUp failed for volume "${volume?.metadata.name}" : volume uses the ReadWriteOncePod access mode and is already in use by another pod`,
  );
  await world.deletePod('first');
  await world.settle();
  expect((await world.pod('second')).status?.phase).toBe('Running');
});

test('a pod whose claim is missing, then unbound, says so and starts when it is bound', async () => {
  const world = await storageWorld();
  await world.makePod('p', 'n1', 'late');
  await world.settle(seconds(2));
  const text =
    'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]';
  expect(await world.told('p')).toContain(
    `FailedMount: ${text}: error processing PVC ${namespace}/late: failed to fetch PVC from API server: persistentvolumeclaims "late" not found`,
  );
  await world.makeClaim('late');
  await world.settle(seconds(30));
  expect((await world.pod('p')).status?.phase).toBe('Running');
});

test('a node that lost power holds its volume for six minutes, and not at all once it is out of service', async () => {
  const lost = async (taint: boolean) => {
    const world = await storageWorld();
    await world.makeClaim();
    await world.makePod('first', 'n1');
    await world.settle();
    world.nodes.powerOff('n1');
    const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: '' }];
    await world.client.patch(
      Node,
      { name: 'n1', namespace: '' },
      { status: { conditions } },
      { subresource: 'status', type: 'strategic' },
    );
    await world.deletePod('first', 0);
    await world.makePod('second', 'n2');
    const key = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
    if (taint) await world.client.patch(Node, { name: 'n1', namespace: '' }, { spec: { taints: [key] } });
    return world;
  };
  const world = await lost(false);
  await world.settle(minutes(6) - seconds(5));
  expect((await world.pod('second')).status?.phase).toBe('Pending');
  const [volume] = await world.volumes();
  expect(await world.told('second')).toEqual([
    `FailedAttachVolume: Multi-Attach error for volume "${volume?.metadata.name}" Volume is already exclusively attached to one node and can't be attached to another`,
  ]);
  await world.settle(seconds(30));
  expect((await world.pod('second')).status?.phase).toBe('Running');

  const other = await lost(true);
  await other.settle(seconds(30));
  expect((await other.pod('second')).status?.phase).toBe('Running');
});

test('a driver that needs no attaching has no attachments', async () => {
  const world = await storageWorld();
  await world.client.create(CSIDriver, { metadata: { name: 'disk.example.com' }, spec: { attachRequired: false } });
  await world.makeClaim();
  await world.makePod('p', 'n1');
  await world.settle();
  expect((await world.pod('p')).status?.phase).toBe('Running');
  expect(await world.attachments()).toEqual([]);
  expect((await world.node('n1')).status?.volumesInUse).toBeUndefined();
});

test('a file system grows on the node that mounts it, step by step', async () => {
  const world = await storageWorld();
  await world.makeClaim();
  await world.makePod('p', 'n1');
  await world.settle();
  const more = { spec: { resources: { requests: { storage: '3Gi' } } } };
  await world.client.patch(PersistentVolumeClaim, { name: 'c', namespace }, more);
  await world.settle();
  const { status } = await world.claim();
  expect(status?.capacity).toEqual({ storage: '3Gi' });
  expect(status?.allocatedResources).toEqual({ storage: '3Gi' });
  expect(status?.allocatedResourceStatuses).toBeUndefined();
  expect(status?.conditions).toBeUndefined();
  const [volume] = await world.volumes();
  expect(volume?.metadata.annotations).not.toHaveProperty('volume.alpha.kubernetes.io/pre-resize-capacity');
  const name = volume?.metadata.name;
  expect((await world.told('c')).slice(-4)).toEqual([
    'ExternalExpanding: waiting for an external controller to expand this PVC',
    `Resizing: External resizer is resizing volume ${name}`,
    'FileSystemResizeRequired: Require file system resize of volume on node',
    `FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "${name}" n1`,
  ]);
});

test('a volume gets the attributes of another class', async () => {
  const world = await storageWorld();
  for (const name of ['silver', 'gold'])
    await world.client.create(VolumeAttributesClass, {
      metadata: { name },
      driverName: 'disk.example.com',
      parameters: { iops: name },
    });
  await world.makeClaim('c', { volumeAttributesClassName: 'silver' });
  await world.settle();
  expect((await world.claim()).status?.currentVolumeAttributesClassName).toBe('silver');
  const target = { name: 'c', namespace };
  await world.client.patch(PersistentVolumeClaim, target, { spec: { volumeAttributesClassName: 'gold' } });
  await world.settle(100);
  expect((await world.claim()).status).toMatchObject({
    currentVolumeAttributesClassName: 'silver',
    modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold', status: 'InProgress' },
    conditions: [{ type: 'ModifyingVolume', message: 'Modifying volume to "gold" is in progress.' }],
  });
  await world.settle();
  expect((await world.claim()).status).toMatchObject({ currentVolumeAttributesClassName: 'gold' });
  expect((await world.claim()).status).not.toHaveProperty('modifyVolumeStatus');
  expect((await world.volumes())[0]?.spec?.volumeAttributesClassName).toBe('gold');
  expect((await world.told('c')).slice(-2)).toEqual([
    'VolumeModify: external resizer is modifying volume c with vac gold',
    'VolumeModifySuccessful: external resizer modified volume c with vac gold successfully',
  ]);
  await world.client.patch(PersistentVolumeClaim, target, { spec: { volumeAttributesClassName: 'none' } });
  await world.settle();
  expect((await world.claim()).status?.modifyVolumeStatus?.status).toBe('Pending');
});

test('a copy of a claim holds what the claim held when it was made', async () => {
  const world = await storageWorld();
  await world.makeClaim();
  await world.settle();
  const handle = (await world.volumes())[0]?.spec?.csi?.volumeHandle ?? '';
  const note = { bytes: new Uint8Array([1]), mode: 0o644, changedAt: 0 };
  world.contents.treeOf(handle).set('/note', note);
  await world.makeClaim('copy', { dataSource: { kind: 'PersistentVolumeClaim', name: 'c' } });
  await world.settle();
  world.contents.treeOf(handle).delete('/note');
  const copy = (await world.claim('copy')).spec?.volumeName ?? '';
  expect(world.contents.treeOf(copy).get('/note')).toEqual(note);
  expect((await world.claim()).metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  await world.makeClaim('small', {
    dataSource: { kind: 'PersistentVolumeClaim', name: 'c' },
    resources: { requests: { storage: '1Mi' } },
  });
  await world.settle(100);
  expect((await world.told('small')).at(-1)).toBe(
    'ProvisioningFailed: error getting handle for DataSource Type PersistentVolumeClaim by Name c: error, new PVC request must be greater than or equal in size to the specified PVC data source, requested 1048576 but source is 1073741824',
  );
});

/** A cluster with the kinds of snapshots, a class of the driver, and a claim with a note in it. */
async function snapshotWorld(deletionPolicy: 'Delete' | 'Retain' = 'Delete') {
  const world = await storageWorld();
  await world.snapshots.install();
  await world.settle(seconds(1));
  const kinds = world.snapshots.kinds();
  if (!kinds) throw new Error('the kinds of snapshots are not served');
  await world.client.create(kinds.VolumeSnapshotClass, {
    metadata: { name: 'disk', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } },
    driver: 'disk.example.com',
    deletionPolicy,
  });
  await world.makeClaim();
  await world.settle();
  const handle = (await world.volumes())[0]?.spec?.csi?.volumeHandle ?? '';
  world.contents.treeOf(handle).set('/note', note);
  const take = (name: string, source: object) =>
    world.client.create(kinds.VolumeSnapshot, { metadata: { name, namespace }, spec: { source } });
  const snapshot = (name: string) => world.client.get(kinds.VolumeSnapshot, name, namespace);
  const snapshotContents = async () => (await world.client.list(kinds.VolumeSnapshotContent)).items;
  return { ...world, kinds, handle, take, snapshot, snapshotContents };
}

const note = { bytes: new Uint8Array([1]), mode: 0o644, changedAt: 0 };
const fromSnapshot = (name: string) => ({ kind: 'VolumeSnapshot', apiGroup: 'snapshot.storage.k8s.io', name });

test('a snapshot is taken of a claim, and a new claim begins with it', async () => {
  const world = await snapshotWorld();
  await world.take('s', { persistentVolumeClaimName: 'c' });
  await world.settle(100);
  expect((await world.claim()).metadata.finalizers).toContain(
    'snapshot.storage.kubernetes.io/pvc-as-source-protection',
  );
  await world.settle();
  const snapshot = await world.snapshot('s');
  expect(snapshot).toMatchObject({
    metadata: {
      finalizers: [
        'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
        'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
      ],
    },
    spec: { volumeSnapshotClassName: 'disk' },
    status: {
      boundVolumeSnapshotContentName: `snapcontent-${snapshot.metadata.uid}`,
      readyToUse: true,
      restoreSize: '1Gi',
    },
  });
  expect((await world.claim()).metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  expect(await world.told('s')).toEqual([
    `CreatingSnapshot: Waiting for a snapshot ${namespace}/s to be created by the CSI driver.`,
    `SnapshotCreated: Snapshot ${namespace}/s was successfully created by the CSI driver.`,
    `SnapshotReady: Snapshot ${namespace}/s is ready to use.`,
  ]);
  world.contents.treeOf(world.handle).delete('/note');
  await world.makeClaim('restored', { dataSource: fromSnapshot('s') });
  await world.settle();
  const restored = (await world.claim('restored')).spec?.volumeName ?? '';
  expect(world.contents.treeOf(restored).get('/note')).toEqual(note);
});

test.each([
  ['Delete', 0],
  ['Retain', 1],
] as const)('with the policy %s, %i contents are left of a snapshot that is deleted', async (policy, left) => {
  const world = await snapshotWorld(policy);
  await world.take('s', { persistentVolumeClaimName: 'c' });
  await world.settle();
  await world.client.delete(world.kinds.VolumeSnapshot, { name: 's', namespace });
  await world.settle();
  expect((await world.client.list(world.kinds.VolumeSnapshot)).items).toEqual([]);
  expect(await world.snapshotContents()).toHaveLength(left);
});

test('a content made by hand is bound to the snapshot that names it', async () => {
  const world = await snapshotWorld();
  await world.take('s', { volumeSnapshotContentName: 'by-hand' });
  await world.settle(seconds(1));
  expect((await world.snapshot('s')).status).toMatchObject({
    readyToUse: false,
    error: { message: 'VolumeSnapshotContent is missing' },
  });
  await world.client.create(world.kinds.VolumeSnapshotContent, {
    metadata: { name: 'by-hand' },
    spec: {
      deletionPolicy: 'Retain',
      driver: 'disk.example.com',
      source: { snapshotHandle: 'old' },
      volumeSnapshotRef: { name: 's', namespace },
    },
  });
  await world.settle();
  expect((await world.snapshot('s')).status).toMatchObject({
    readyToUse: true,
    boundVolumeSnapshotContentName: 'by-hand',
  });
  const [content] = await world.snapshotContents();
  expect(content?.spec.volumeSnapshotRef.uid).toBe((await world.snapshot('s')).metadata.uid);
});

test('a snapshot without a class of its driver, and a claim without its snapshot, say why', async () => {
  const world = await snapshotWorld();
  await world.client.delete(world.kinds.VolumeSnapshotClass, { name: 'disk', namespace: '' });
  await world.take('s', { persistentVolumeClaimName: 'c' });
  await world.makeClaim('early', { dataSource: fromSnapshot('none') });
  await world.settle(seconds(1));
  expect(await world.told('s')).toEqual([
    'SetDefaultSnapshotClassFailed: Failed to set default snapshot class with error cannot find default snapshot class',
  ]);
  expect((await world.told('early')).at(-1)).toBe(
    'ProvisioningFailed: error getting handle for DataSource Type VolumeSnapshot by Name none: error getting snapshot none from api server: volumesnapshots.snapshot.storage.k8s.io "none" not found',
  );
});
