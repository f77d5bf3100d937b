import { expect, test } from 'vitest';
import type { Pod } from '../../generated/types/core-v1.ts';
import { keepAllButResources, podResizeIssues } from './resize.ts';

type Resources = NonNullable<Pod['spec']['containers'][number]['resources']>;

const pod = (resources: Resources, image = 'pause'): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: 'c',
          image,
          imagePullPolicy: 'Always',
          terminationMessagePath: '/x',
          terminationMessagePolicy: 'File',
          resources,
        },
      ],
    },
  }) as Pod;

const messages = (next: Pod, previous: Pod) =>
  podResizeIssues(next, previous).map(({ field, message }) => `${field}: ${message}`);

test('a resize takes over resources and nothing else', () => {
  const before = pod({ requests: { cpu: '1' } });
  const draft = { ...pod({ requests: { cpu: '2' } }, 'other'), metadata: { name: 'web', labels: { a: 'b' } } };
  keepAllButResources(draft, before);
  expect(draft).toEqual(pod({ requests: { cpu: '2' } }));
});

test('what was limited stays limited, and the quality of service stays', () => {
  const before = pod({ requests: { cpu: '1' }, limits: { cpu: '2' } });
  expect(messages(pod({ requests: { cpu: '1' } }), before)).toEqual([
    'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
  ]);
  expect(messages(pod({}), pod({ requests: { cpu: '1' } }))).toEqual([
    'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ]);
});

test('only processors and memory are resized', () => {
  const before = pod({ requests: { cpu: '1' } });
  expect(messages(pod({ requests: { cpu: '2', memory: '1Mi' } }), before)).toEqual([]);
  expect(messages(pod({ requests: { cpu: '1', 'ephemeral-storage': '1Gi' } }), before)).toEqual([
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
});

test('what a pod asks for altogether is resized, and not taken back', () => {
  const whole = (resources?: Resources): Pod => {
    const made = pod({ requests: { cpu: '1' } });
    return { ...made, spec: { ...made.spec, ...(resources && { resources }) } };
  };
  const before = whole({ requests: { cpu: '1' } });
  expect(messages(whole({ requests: { cpu: '2' } }), before)).toEqual([]);
  expect(messages(whole(), before)).toEqual(['spec.resources: Forbidden: pod-level resources cannot be removed']);
  expect(messages(whole({ requests: { memory: '1Mi' } }), before)).toContain(
    'spec.resources.requests: Forbidden: pod-level resource requests cannot be removed',
  );
});
