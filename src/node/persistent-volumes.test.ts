import { expect, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import type { Pod } from '../kinds/generated/types/core-v1.ts';
import { persistentVolumes } from './persistent-volumes.ts';

const namespace = 'here';
const pod = {
  metadata: { name: 'p', namespace, uid: 'u' },
  spec: {
    containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }],
  },
} as Pod;

test('a pod whose claim has its volume but does not say so yet waits for that one write, and does not fail', async () => {
  const { client, informers, clock } = await bareServer({ namespaces: [namespace] });
  const node = persistentVolumes({ client, informers, event: () => {} }).of('n', () => true);
  const claim = await client.create(PersistentVolumeClaim, {
    metadata: { name: 'c', namespace, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { accessModes: ['ReadWriteOnce'], volumeName: 'v', resources: { requests: { storage: '1Gi' } } },
  });
  const { uid } = claim.metadata;
  await client.create(PersistentVolume, {
    metadata: { name: 'v' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/x' },
      claimRef: { name: 'c', namespace, uid },
    },
  } as PersistentVolume);
  let isAgain = false;
  expect(await node.mount(pod, () => (isAgain = true))).toEqual({ is: 'waiting' });
  await client.updateStatus(PersistentVolumeClaim, { ...claim, status: { phase: 'Bound' } });
  await clock.advance(seconds(1));
  expect(isAgain).toBe(true);
  expect(await node.mount(pod, () => {})).toEqual({ is: 'mounted' });
});
