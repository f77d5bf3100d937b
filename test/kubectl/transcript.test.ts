// One day's work with kubectl, done by each version that people still have.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { kubectlVersions } from '../support/clients.ts';
import { type TestCluster, testCluster } from '../support/cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.down());

const manifest = (replicas: number) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec:
      containers: [{ name: c, image: nginx:1.27, ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { replicas: "${replicas}" }
`;

test.concurrent.each(kubectlVersions)(
  'kubectl 1.%s: apply, look, roll, go back, remove',
  async (version) => {
    const namespace = `v${version}`;
    const kubectl = (args: string | string[], input = '') =>
      cluster.kubectl(Array.isArray(args) ? ['-n', namespace, ...args] : `-n ${namespace} ${args}`, { version, input });

    expect(await kubectl(`create namespace ${namespace}`)).toBe(`namespace/${namespace} created\n`);
    expect(await kubectl('version')).toMatch(/^Server Version: v1\.36\.\d+$/m);
    expect(await kubectl('get nodes')).toMatch(/^n1 +Ready +<none> +\S+ +v1\.36\.1$/m);

    expect(await kubectl('apply -f -', manifest(2))).toBe('deployment.apps/app created\nconfigmap/settings created\n');
    expect(await kubectl('apply -f -', manifest(2))).toBe(
      'deployment.apps/app unchanged\nconfigmap/settings unchanged\n',
    );
    expect(await kubectl('rollout status deployment/app --timeout=60s')).toContain('successfully rolled out');
    expect(await kubectl('get deployments')).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\napp +2\/2 +2 +2 +\S+\n$/,
    );
    expect(await kubectl('get pods')).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE\n(app-[a-z0-9]+-[a-z0-9]+ +1\/1 +Running +0 +\S+\n){2}$/,
    );
    expect(await kubectl('describe deployment app')).toMatch(
      /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/m,
    );
    expect(await kubectl('logs deployment/app')).toContain('no program really runs here');
    expect(await kubectl('explain deployment.spec.replicas')).toMatch(/^FIELD: replicas <integer>$/m);

    expect(await kubectl('diff -f -', manifest(2))).toBe('');
    expect(await kubectl('apply -f -', manifest(3))).toBe(
      'deployment.apps/app configured\nconfigmap/settings configured\n',
    );
    await kubectl('set image deployment/app c=nginx:1.28');
    await kubectl('rollout status deployment/app --timeout=60s');
    expect(await kubectl('get pods -o jsonpath={.items[*].spec.containers[0].image}')).toContain('nginx:1.28');
    expect(await kubectl('rollout undo deployment/app')).toBe('deployment.apps/app rolled back\n');
    await kubectl('rollout status deployment/app --timeout=60s');
    expect(await kubectl('get deployment app -o jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'nginx:1.27',
    );

    expect(await kubectl('apply --server-side --force-conflicts -f -', manifest(1))).toContain(
      'deployment.apps/app serverside-applied',
    );
    expect(await kubectl('wait --for=jsonpath={.status.replicas}=1 deployment/app --timeout=60s')).toContain(
      'condition met',
    );
    expect(await kubectl('delete -f -', manifest(1))).toMatch(
      /^deployment\.apps "app" deleted.*\nconfigmap "settings" deleted/,
    );
    await kubectl('wait --for=delete pod -l app=app --timeout=60s');
    expect(await kubectl(`delete namespace ${namespace}`)).toMatch(new RegExp(`^namespace "${namespace}" deleted`));
  },
  90_000,
);
