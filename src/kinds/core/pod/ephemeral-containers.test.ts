import { expect, test } from 'vitest';
import type { Pod } from '../../generated/types/core-v1.ts';
import { ephemeralContainerIssues } from './ephemeral-containers.ts';

const container = (name: string, image: string) => ({
  name,
  image,
  imagePullPolicy: 'Always' as const,
  terminationMessagePath: '/x',
  terminationMessagePolicy: 'File' as const,
});

const pod = (...images: string[]): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      containers: [container('c', 'pause')],
      ephemeralContainers: images.map((image, i) => container(`debug-${i}`, image)),
    },
  }) as Pod;

const messages = (next: Pod, previous: Pod) => ephemeralContainerIssues(next, previous).map(({ message }) => message);

test('ephemeral containers are added, but neither changed nor removed', () => {
  expect(messages(pod('a', 'b'), pod('a'))).toEqual([]);
  expect(messages(pod(), pod('a'))).toEqual([
    'Forbidden: existing ephemeral containers "debug-0" may not be removed\n',
  ]);
  expect(messages(pod('b'), pod('a'))[0]).toMatch(
    /^Forbidden: existing ephemeral containers "debug-0" may not be changed\n@@/,
  );
});
