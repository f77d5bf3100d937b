import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { Event } from '../kinds/core/event.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';
import { VolumeAttributesClass } from '../kinds/storage/volume-attributes-class.ts';
import { startControllers } from '../reconcile/manager.ts';
import { volumeBinderController } from './persistent-volume-binder.ts';
import { claimBinderController } from './persistent-volume-claim-binder.ts';
import {
  attributesProtectionController,
  claimProtectionController,
  volumeProtectionController,
} from './volume-protection.ts';

const namespace = 'default';
const theClaim = { name: 'c', namespace };
const theVolume = { name: 'v', namespace: '' };

/** The controllers of kube-controller-manager alone: nobody provisions. */
async function binder() {
  const bare = await bareServer({ namespaces: [namespace] });
  const { client, clock } = bare;
  const bugs: unknown[] = [];
  const manager = await startControllers(
    [
      claimBinderController,
      volumeBinderController,
      claimProtectionController,
      volumeProtectionController,
      attributesProtectionController,
    ],
    { ...bare, onBug: (_controller, _key, error) => bugs.push(error) },
  );
  onTestFinished(() => {
    manager.stop();
    expect(bugs).toEqual([]);
  });
  const settle = () => clock.advance(seconds(1));
  return {
    client,
    settle,
    claim: () => client.get(PersistentVolumeClaim, 'c', namespace),
    volume: () => client.get(PersistentVolume, 'v'),
    async makeVolume(spec: object = {}, metadata: object = {}) {
      await client.create(PersistentVolume, {
        metadata: { name: 'v', ...metadata },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          storageClassName: 's',
          hostPath: { path: '/data' },
          ...spec,
        },
      });
      await settle();
    },
    async makeClaim(spec: object = {}, metadata: object = {}) {
      await client.create(PersistentVolumeClaim, {
        metadata: { ...theClaim, ...metadata },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 's',
          resources: { requests: { storage: '1Gi' } },
          ...spec,
        },
      });
      await settle();
    },
    makeClass: (name: string, fields: object = {}) =>
      client.create(StorageClass, { metadata: { name }, provisioner: 'example.com/disk', ...fields }),
    /** `reason: message` of each event about an object, in order. */
    async told(about: string) {
      const { items } = await client.list(Event, { namespace: 'default' });
      return items
        .filter(({ involvedObject }) => involvedObject.name === about)
        .map(({ reason, message }) => `${reason}: ${message}`);
    },
  };
}

test('a class that waits for a consumer leaves free volumes to the scheduler, even once a node is chosen', async () => {
  const { makeClass, makeVolume, makeClaim, claim, told } = await binder();
  await makeClass('s', { volumeBindingMode: 'WaitForFirstConsumer' });
  await makeVolume();
  await makeClaim();
  expect(await told('c')).toEqual(['WaitForFirstConsumer: waiting for first consumer to be created before binding']);
  await makeClaim({}, { name: 'd', annotations: { 'volume.kubernetes.io/selected-node': 'n' } });
  expect((await claim()).status?.phase).toBe('Pending');
  expect((await told('d'))[0]).toMatch(/^ExternalProvisioning: /);
});

test('a claim without class gets the class that becomes the default later', async () => {
  const { client, makeClass, makeClaim, claim, settle, told } = await binder();
  await makeClaim({ storageClassName: undefined });
  expect(await told('c')).toEqual([
    'FailedBinding: no persistent volumes available for this claim and no storage class is set',
  ]);
  await makeClaim({ storageClassName: '' }, { name: 'd' });
  await makeClass('late', {
    metadata: { name: 'late', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  });
  await settle();
  expect((await claim()).spec?.storageClassName).toBe('late');
  expect((await client.get(PersistentVolumeClaim, 'd', namespace)).spec?.storageClassName).toBe('');
});

test.each([
  [{ storageClassName: 't' }, 'storageClassName does not match'],
  [{ volumeMode: 'Block' }, 'incompatible volumeMode'],
  [{ accessModes: ['ReadWriteMany'] }, 'incompatible accessMode'],
  [{ resources: { requests: { storage: '2Gi' } } }, 'requested PV is too small'],
])('a claim that names a volume it cannot have says why: %j', async (spec, why) => {
  const { makeVolume, makeClaim, told } = await binder();
  await makeVolume();
  await makeClaim({ volumeName: 'v', ...spec });
  expect(await told('c')).toEqual([`VolumeMismatch: Cannot bind to requested volume "v": ${why}`]);
});

test('a lost claim has no capacity and no access modes any more', async () => {
  const { client, makeVolume, makeClaim, claim, settle, told } = await binder();
  await makeVolume();
  await makeClaim();
  expect((await claim()).status).toEqual({
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
  });
  await client.delete(PersistentVolume, theVolume);
  await client.patch(PersistentVolume, theVolume, { metadata: { finalizers: null } });
  await settle();
  expect((await claim()).status).toEqual({ phase: 'Lost' });
  expect(await told('c')).toEqual([
    'ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  ]);
});

test('a volume bound to a claim of another volume mode complains on both sides', async () => {
  const { makeVolume, makeClaim, claim, told } = await binder();
  await makeClaim({ volumeMode: 'Block' });
  const { uid } = (await claim()).metadata;
  await makeVolume({ claimRef: { ...theClaim, uid } });
  expect((await told('c')).at(-1)).toBe(
    'VolumeMismatch: Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.',
  );
  expect(await told('v')).toEqual([
    'VolumeMismatch: Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.',
  ]);
});

test.each<[string, object, object, string | undefined, string | undefined]>([
  [
    'of a CSI driver: the driver',
    { csi: { driver: 'd.example.com', volumeHandle: 'h' }, hostPath: undefined },
    {},
    'Released',
    undefined,
  ],
  ['below /tmp: the controller', { hostPath: { path: '/tmp/x' } }, {}, undefined, undefined],
  [
    'elsewhere on a node: nobody',
    {},
    {},
    'Failed',
    'host_path deleter only supports /tmp/.+ but received provided /data',
  ],
  [
    'of NFS: nobody',
    { nfs: { server: 's', path: '/p' }, hostPath: undefined },
    {},
    'Failed',
    'error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
  ],
  [
    'of a provisioner outside: that one',
    {},
    { annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/disk' } },
    'Released',
    undefined,
  ],
  [
    'of a plugin that is gone: nobody',
    {},
    { annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/rbd' } },
    'Failed',
    'no volume plugin matched name: kubernetes.io/rbd',
  ],
  [
    'of a plugin that moved out: its driver',
    {},
    { annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/aws-ebs' } },
    'Released',
    undefined,
  ],
])('who deletes a released volume %s', async (_name, spec, metadata, phase, message) => {
  const { client, makeVolume, makeClaim, settle, told } = await binder();
  await makeVolume({ persistentVolumeReclaimPolicy: 'Delete', ...spec }, metadata);
  await makeClaim();
  await client.delete(PersistentVolumeClaim, theClaim);
  await settle();
  const [volume] = (await client.list(PersistentVolume)).items;
  expect(volume?.status?.phase).toBe(phase);
  expect(volume?.status?.message).toBe(message);
  expect(await told('v')).toEqual(message === undefined ? [] : [`VolumeFailedDelete: ${message}`]);
});

test('volumes of plugins inside, and of those that moved out, are marked as such', async () => {
  const { client, makeVolume, volume } = await binder();
  const provisionedBy = (name: string) => ({ annotations: { 'pv.kubernetes.io/provisioned-by': name } });
  await makeVolume({ persistentVolumeReclaimPolicy: 'Delete' }, provisionedBy('kubernetes.io/rbd'));
  expect((await volume()).metadata.finalizers).toContain('kubernetes.io/pv-controller');
  await makeVolume({}, { name: 'w', ...provisionedBy('kubernetes.io/gce-pd') });
  expect((await client.get(PersistentVolume, 'w')).metadata.annotations).toMatchObject({
    'pv.kubernetes.io/migrated-to': 'pd.csi.storage.gke.io',
  });
});

test('a recycled volume is wiped by a pod and free again', async () => {
  const { client, makeVolume, makeClaim, volume, settle, told } = await binder();
  await makeVolume({ persistentVolumeReclaimPolicy: 'Recycle' });
  await makeClaim();
  await client.delete(PersistentVolumeClaim, theClaim);
  await settle();
  const recycler = { name: 'recycler-for-v', namespace: 'default' };
  expect((await client.get(Pod, recycler.name, recycler.namespace)).spec.volumes?.[0]).toMatchObject({
    name: 'vol',
    hostPath: { path: '/data' },
  });
  await client.patch(Pod, recycler, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await settle();
  expect((await volume()).status?.phase).toBe('Available');
  expect((await volume()).spec?.claimRef).toBeUndefined();
  expect(await told('v')).toEqual(['VolumeRecycled: Volume recycled']);
});

test('a class of attributes stays while a claim names it', async () => {
  const { client, makeClaim, settle } = await binder();
  const gold = { name: 'gold', namespace: '' };
  await client.create(VolumeAttributesClass, {
    metadata: { name: 'gold' },
    driverName: 'd.example.com',
    parameters: { iops: '1' },
  });
  await makeClaim({ volumeAttributesClassName: 'gold' });
  expect((await client.get(VolumeAttributesClass, 'gold')).metadata.finalizers).toEqual([
    'kubernetes.io/vac-protection',
  ]);
  await client.delete(VolumeAttributesClass, gold);
  await settle();
  expect((await client.list(VolumeAttributesClass)).items).toHaveLength(1);
  await client.delete(PersistentVolumeClaim, theClaim);
  await settle();
  expect((await client.list(VolumeAttributesClass)).items).toEqual([]);
});
