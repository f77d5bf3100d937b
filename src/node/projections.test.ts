import { expect, test } from 'vitest';
import { textOf } from '../base/bytes.ts';
import type { Pod, Volume } from '../kinds/generated/types/core-v1.ts';
import { mountsOf } from './container-files.ts';
import { projectionsOf } from './projections.ts';
import { file, type Tree } from './shell/files.ts';

const pod = (...volumes: Volume[]): Pod => ({
  metadata: { name: 'web', namespace: 'a', labels: { b: 'c', a: 'x"y' } },
  spec: { containers: [], volumes },
});

const sources = {
  configMap: (name: string) =>
    name === 'settings' ? { metadata: {}, data: { color: 'blue', size: '7' }, binaryData: { raw: 'AP8=' } } : undefined,
  secret: (name: string) => (name === 'hidden' ? { metadata: {}, data: { word: btoa('sesame') } } : undefined),
  facts: { podIP: '10.0.0.1', hostIP: '10.1.0.1' },
  token: (audience: string | undefined) => Promise.resolve(`token for ${audience}`),
};

async function content(...volumes: Volume[]) {
  const projections = await projectionsOf(pod(...volumes), sources);
  return Object.fromEntries(
    [...projections].map(([name, files]) => [
      name,
      Object.fromEntries([...files].map(([path, { bytes, mode }]) => [path, `${textOf(bytes)} ${mode.toString(8)}`])),
    ]),
  );
}

test('volumes hold what config maps, secrets, the pod and its account give', async () => {
  expect(
    await content(
      { name: 'whole', configMap: { name: 'settings' } },
      { name: 'some', configMap: { name: 'settings', items: [{ key: 'color', path: 'deep/it', mode: 0o400 }] } },
      { name: 'secret', secret: { secretName: 'hidden', defaultMode: 0o600 } },
      { name: 'facts', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      {
        name: 'joined',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', audience: 'vault' } },
            { secret: { name: 'hidden' } },
            { downwardAPI: { items: [{ path: 'ip', fieldRef: { fieldPath: 'status.podIP' } }] } },
          ],
        },
      },
      { name: 'missing', configMap: { name: 'none', optional: true } },
      { name: 'scratch', emptyDir: {} },
    ),
  ).toEqual({
    whole: { color: 'blue 644', size: '7 644', raw: '\0\ufffd 644' },
    some: { 'deep/it': 'blue 400' },
    secret: { word: 'sesame 600' },
    facts: { labels: 'a="x\\"y"\nb="c" 644' },
    joined: { token: 'token for vault 644', word: 'sesame 644', ip: '10.0.0.1 644' },
    missing: {},
  });
});

test('projected volumes are read-only, others are shared by the containers of a pod', () => {
  const kept = new Map<string, Tree>();
  const projections = new Map([['settings', new Map([['color', { bytes: new Uint8Array(), mode: 0o644 }]])]]);
  const mounts = () =>
    mountsOf(
      {
        name: 'c',
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/settings/' },
          { name: 'settings', mountPath: '/etc/color', subPath: 'color' },
          { name: 'scratch', mountPath: '/work' },
        ],
      },
      { projections, kept },
      0,
    );
  const [settings, one, scratch] = mounts();
  expect(settings).toMatchObject({ path: '/etc/settings', readOnly: true });
  expect([...(one?.tree.keys() ?? [])]).toEqual(['']);
  scratch?.tree.set('/f', file('kept', 0));
  expect(mounts()[2]?.tree.has('/f')).toBe(true);
});
