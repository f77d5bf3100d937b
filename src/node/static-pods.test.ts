import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { hashOf, manifestHash, mirrorKey, mirrorOf } from './static-pods.ts';

const manifest = { metadata: { name: 'etcd', namespace: 'kube-system' }, spec: { containers: [{ name: 'c' }] } };
const node = { metadata: { name: 'Big', uid: 'u' }, spec: {} };

test('a mirror says where it comes from, and is not evicted for trouble with its node', () => {
  const hash = manifestHash(manifest, seededRandom(1));
  const mirror = mirrorOf(manifest, { node, hash, now: 0 });
  expect(mirrorKey(manifest, 'Big')).toBe('kube-system/etcd-big');
  expect(mirror.metadata).toEqual({
    name: 'etcd-big',
    namespace: 'kube-system',
    annotations: {
      'kubernetes.io/config.hash': hash,
      'kubernetes.io/config.mirror': hash,
      'kubernetes.io/config.seen': '1970-01-01T00:00:00Z',
      'kubernetes.io/config.source': 'file',
    },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'Big', uid: 'u', controller: true }],
  });
  expect(mirror.spec).toMatchObject({
    nodeName: 'Big',
    tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
  });
  expect(hashOf(mirror)).toBe(hash);
});

test('another manifest has another hash, the same one the same', () => {
  const hash = (image: string) =>
    manifestHash({ ...manifest, spec: { containers: [{ name: 'c', image }] } }, seededRandom(1));
  expect(hash('a')).toBe(hash('a'));
  expect(hash('a')).not.toBe(hash('b'));
});
