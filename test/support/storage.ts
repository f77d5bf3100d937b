// Simulated nodes and storage under virtual time, with the controllers of volumes; pods are put on nodes by the test.

import { createHash } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { type Duration, seconds } from '../../src/base/clock.ts';
import { followSnapshots } from '../../src/cluster/snapshots.ts';
import { attachDetachControllers } from '../../src/controllers/attach-detach.ts';
import { volumeBinderController } from '../../src/controllers/persistent-volume-binder.ts';
import { claimBinderController } from '../../src/controllers/persistent-volume-claim-binder.ts';
import { simulatedSnapshots, simulatedStorage } from '../../src/controllers/simulated-storage/index.ts';
import { volumeExpandController } from '../../src/controllers/volume-expand.ts';
import {
  attributesProtectionController,
  claimProtectionController,
  volumeProtectionController,
} from '../../src/controllers/volume-protection.ts';
import { Event } from '../../src/kinds/core/event.ts';
import { Namespace } from '../../src/kinds/core/namespace.ts';
import { Node } from '../../src/kinds/core/node.ts';
import { PersistentVolume } from '../../src/kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../src/kinds/core/persistent-volume-claim.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import { StorageClass } from '../../src/kinds/storage/storage-class.ts';
import { VolumeAttachment } from '../../src/kinds/storage/volume-attachment.ts';
import { simulatedNodes } from '../../src/node/agent.ts';
import { type VolumeContents, volumeContents } from '../../src/node/volume-contents.ts';
import { startControllers } from '../../src/reconcile/manager.ts';
import { bareServer } from './bare-server.ts';

export const namespace = 'here';
const sha256 = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** @param watched sees what is done with the contents of volumes */
export async function storageWorld(
  nodeNames: readonly string[] = ['n1', 'n2'],
  watched?: (contents: VolumeContents) => VolumeContents,
) {
  const bare = await bareServer({ namespaces: [namespace], definitions: true });
  const { client, clock, random } = bare;
  const contents = (watched ?? ((own) => own))(volumeContents());
  const bugs: unknown[] = [];
  if (!(await client.list(Namespace)).items.some(({ metadata }) => metadata.name === 'kube-node-lease'))
    await client.create(Namespace, { metadata: { name: 'kube-node-lease' }, spec: {} });
  const snapshots = followSnapshots({
    client,
    log: bare.log,
    catalog: bare.server.catalog,
    run: (kinds) =>
      startControllers(simulatedSnapshots(kinds, contents), {
        ...bare,
        random: random.fork('snapshots'),
        onBug: (_controller, _key, error) => bugs.push(error),
      }),
  });
  const manager = await startControllers(
    [
      claimBinderController,
      volumeBinderController,
      claimProtectionController,
      volumeProtectionController,
      attributesProtectionController,
      volumeExpandController(),
      ...attachDetachControllers(sha256),
      ...simulatedStorage(contents, () => snapshots.kinds()),
    ],
    { ...bare, random: random.fork('controllers'), onBug: (_controller, _key, error) => bugs.push(error) },
  );
  const nodes = simulatedNodes({
    ...bare,
    random: random.fork('nodes'),
    nodes: nodeNames.map((name) => ({ name })),
    leases: false,
    contents,
  });
  await nodes.start();
  const stop = async () => {
    manager.stop();
    snapshots.stop();
    await nodes.stop();
    expect(bugs).toEqual([]);
  };
  onTestFinished(stop);
  await client.create(StorageClass, {
    metadata: { name: 'disk' },
    provisioner: 'disk.example.com',
    allowVolumeExpansion: true,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  });

  return {
    client,
    clock,
    nodes,
    informers: bare.informers,
    stop,
    contents,
    snapshots,
    settle: (duration: Duration = seconds(15)) => clock.advance(duration),
    claim: (name = 'c') => client.get(PersistentVolumeClaim, name, namespace),
    async makeClaim(name = 'c', spec: object = {}) {
      await client.create(PersistentVolumeClaim, {
        metadata: { name, namespace },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'disk',
          resources: { requests: { storage: '1Gi' } },
          ...spec,
        },
      });
    },
    async makePod(name: string, nodeName: string, claimName = 'c') {
      await client.create(Pod, {
        metadata: { name, namespace },
        spec: {
          nodeName,
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: 'nginx', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
          automountServiceAccountToken: false,
        },
      } as Pod);
    },
    pod: (name: string) => client.get(Pod, name, namespace),
    deletePod: (name: string, gracePeriodSeconds = 1) =>
      client.delete(Pod, { name, namespace }, { gracePeriodSeconds }),
    node: (name: string) => client.get(Node, name),
    volumes: async () => (await client.list(PersistentVolume)).items,
    attachments: async () => (await client.list(VolumeAttachment)).items,
    /** `reason: message` of each event about an object, in order. */
    async told(about: string) {
      const { items } = await client.list(Event, { namespace });
      return items
        .filter(({ involvedObject }) => involvedObject.name === about)
        .map(({ reason, message }) => `${reason}: ${message}`);
    },
  };
}

export type StorageWorld = Awaited<ReturnType<typeof storageWorld>>;
