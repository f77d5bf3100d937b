// kubectl as a writer: the generators of create, apply in its three ways, patch, replace, edit, label, delete.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCluster, testCluster } from '../support/cluster.ts';

let cluster: TestCluster;
const kubectl = (args: string | readonly string[], input = ''): Promise<string> => cluster.kubectl(args, { input });
const refused = (args: string | readonly string[], input = '') => cluster.tryKubectl(args, { input });
const folder = mkdtempSync(join(tmpdir(), 'portolan-writing-'));

beforeAll(async () => {
  cluster = await testCluster(['--nodes', '2']);
});
afterAll(async () => {
  await cluster.down();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['configmap made --from-literal=a=b', 'configmap/made created'],
  ['secret generic made --from-literal=a=b', 'secret/made created'],
  ['secret docker-registry registry --docker-username=u --docker-password=p', 'secret/registry created'],
  ['deployment made --image=nginx --replicas=1', 'deployment.apps/made created'],
  ['job made --image=busybox -- true', 'job.batch/made created'],
  ['cronjob made --image=busybox --schedule=@daily', 'cronjob.batch/made created'],
  ['service clusterip made --tcp=80:8080', 'service/made created'],
  ['service nodeport made-nodeport --tcp=80', 'service/made-nodeport created'],
  ['service loadbalancer made-balancer --tcp=80', 'service/made-balancer created'],
  ['service externalname made-external --external-name=example.com', 'service/made-external created'],
  ['ingress made --rule=shop.example/*=made:80', 'ingress.networking.k8s.io/made created'],
  ['quota made --hard=pods=50,configmaps=100', 'resourcequota/made created'],
  ['poddisruptionbudget made --selector=app=made --min-available=1', 'poddisruptionbudget.policy/made created'],
  ['role made --verb=get,list --resource=pods', 'role.rbac.authorization.k8s.io/made created'],
  ['rolebinding made --role=made --user=alice', 'rolebinding.rbac.authorization.k8s.io/made created'],
  ['clusterrole made --verb=get --non-resource-url=/metrics', 'clusterrole.rbac.authorization.k8s.io/made created'],
  [
    'clusterrolebinding made --clusterrole=made --group=ops',
    'clusterrolebinding.rbac.authorization.k8s.io/made created',
  ],
  ['priorityclass made --value=1000', 'priorityclass.scheduling.k8s.io/made created'],
  ['serviceaccount made', 'serviceaccount/made created'],
  ['namespace made', 'namespace/made created'],
])('create %s', async (what, said) => expect(await kubectl(`create ${what}`)).toBe(`${said}\n`));

test('create job --from a cron job starts what the cron job would', async () => {
  expect(await kubectl('create job by-hand --from=cronjob/made')).toBe('job.batch/by-hand created\n');
  expect(await kubectl('wait --for=condition=Complete job/by-hand --timeout=60s')).toContain('condition met');
  expect(await kubectl('get job by-hand -o jsonpath={.metadata.annotations}')).toContain(
    '"cronjob.kubernetes.io/instantiate":"manual"',
  );
});

test('create refuses what exists, what is invalid, and what exceeds a quota', async () => {
  expect(await refused('create configmap made')).toMatchObject({
    code: 1,
    stderr: 'error: failed to create configmap: configmaps "made" already exists\n',
  });
  expect((await refused('create configmap Bad_Name')).stderr).toContain(
    'ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name"',
  );
  await kubectl('create quota none --hard=count/leases.coordination.k8s.io=0');
  await kubectl('wait --for=jsonpath={.status.hard} resourcequota/none --timeout=20s');
  const lease = 'apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: { name: more }';
  expect((await refused('create -f -', lease)).stderr).toMatch(
    /leases\.coordination\.k8s\.io "more" is forbidden: exceeded quota: none, requested: count\/leases/,
  );
});

test('create --dry-run writes nothing, and prints what it would', async () => {
  expect(await kubectl('create configmap dry --from-literal=a=b --dry-run=client -o yaml')).toMatch(
    /^apiVersion: v1\ndata:\n {2}a: b\nkind: ConfigMap/,
  );
  expect(await kubectl('create deployment dry --image=nginx --dry-run=server -o jsonpath={.spec.strategy.type}')).toBe(
    'RollingUpdate',
  );
  expect((await refused('get configmap/dry deployment/dry')).stderr).toMatch(
    /configmaps "dry" not found[^]*"dry" not found/,
  );
});

const manifest = (replicas: number, value: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, labels: { part: app } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec: { containers: [{ name: c, image: nginx }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { part: app } }
data: { value: ${value} }
`;

describe('apply', () => {
  test('creates, then configures, then changes nothing; a field left out goes', async () => {
    expect(await kubectl('apply -f -', manifest(1, 'one'))).toBe(
      'deployment.apps/app created\nconfigmap/settings created\n',
    );
    expect(await kubectl('apply -f -', manifest(2, 'one'))).toBe(
      'deployment.apps/app configured\nconfigmap/settings unchanged\n',
    );
    await kubectl('scale deployment/app --replicas=3');
    expect(await kubectl('apply -f -', manifest(2, 'one'))).toBe(
      'deployment.apps/app configured\nconfigmap/settings unchanged\n',
    );
    const without = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, labels: { part: app } }';
    expect(await kubectl('apply -f -', without)).toBe('configmap/settings configured\n');
    expect(await kubectl('get configmap settings -o jsonpath={.data}')).toBe('');
    expect(await kubectl('apply view-last-applied configmap settings')).toMatch(/^apiVersion: v1\nkind: ConfigMap/);
  });

  test('diff ends with 1 where something differs, and 0 where nothing does', async () => {
    await kubectl('apply -f -', manifest(2, 'one'));
    const same = await refused('diff -f -', manifest(2, 'one'));
    expect(same).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stdout } = await refused('diff -f -', manifest(3, 'two'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^- {2}replicas: 2\n\+ {2}replicas: 3$/m);
    expect(stdout).toMatch(/^- {2}value: one\n\+ {2}value: two$/m);
  });

  test('a typing mistake in a field is refused by name', async () => {
    const { code, stderr } = await refused('apply -f -', manifest(1, 'one').replace('replicas', 'replikas'));
    expect(code).toBe(1);
    expect(stderr).toContain('strict decoding error: unknown field "spec.replikas"');
  });

  test('--server-side: two managers of one field conflict until one forces', async () => {
    await kubectl('create namespace owners');
    const apply = (value: string, ...flags: string[]) =>
      refused(['apply', '-n', 'owners', '--server-side', ...flags, '-f', '-'], manifest(1, value));
    expect(await apply('one')).toMatchObject({
      code: 0,
      stdout: 'deployment.apps/app serverside-applied\nconfigmap/settings serverside-applied\n',
    });
    expect(await apply('one', '--field-manager=second')).toMatchObject({ code: 0 });
    const conflict = await apply('two', '--field-manager=second');
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.value');
    expect(await apply('two', '--field-manager=second', '--force-conflicts')).toMatchObject({ code: 0 });
    const managers = await kubectl(
      'get configmap settings -n owners --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}',
    );
    expect(managers.split(' ').sort()).toEqual(['kubectl', 'second']);
    expect((await apply('one')).stderr).toContain('conflict with "second": .data.value');
  });

  test('--prune removes what is no longer among the files', async () => {
    const extra = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra, labels: { part: app } }\n';
    const prune = ['apply', '-l', 'part=app', '--prune', '--prune-allowlist=core/v1/ConfigMap', '-f', '-'];
    expect(await kubectl(prune, manifest(1, 'one') + extra)).toContain('configmap/extra created');
    expect(await kubectl(prune, manifest(1, 'one'))).toMatch(/configmap\/extra pruned\n$/);
    expect(await refused('get configmap extra')).toMatchObject({ code: 1 });
  });

  test('-k builds and applies a kustomization, delete -k removes it', async () => {
    writeFileSync(join(folder, 'app.yaml'), manifest(1, 'one'));
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      'namePrefix: test-\nresources: [app.yaml]\nimages: [{ name: nginx, newTag: "1.28" }]\n',
    );
    expect(await kubectl(['apply', '-k', folder])).toBe(
      'configmap/test-settings created\ndeployment.apps/test-app created\n',
    );
    expect(await kubectl('get deployment test-app -o jsonpath={..image}')).toBe('nginx:1.28');
    expect(await kubectl(['delete', '-k', folder])).toMatch(
      /^configmap "test-settings" deleted.*\ndeployment\.apps "test-app" deleted/,
    );
  });
});

describe('changes in place', () => {
  test('patch: strategic, merge, JSON, and subresources', async () => {
    await kubectl('apply -f -', manifest(1, 'one'));
    const patched = 'deployment.apps/app patched\n';
    const image = '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:2"}]}}}}';
    expect(await kubectl(['patch', 'deployment', 'app', '-p', image])).toBe(patched);
    expect(await kubectl(['patch', 'deployment', 'app', '-p', image])).toBe(
      'deployment.apps/app patched (no change)\n',
    );
    expect(
      await kubectl([
        'patch',
        'deployment',
        'app',
        '--type=merge',
        '-p',
        '{"metadata":{"labels":{"part":null,"kind":"x"}}}',
      ]),
    ).toBe(patched);
    expect(
      await kubectl([
        'patch',
        'deployment',
        'app',
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/replicas","value":2}]',
      ]),
    ).toBe(patched);
    expect(
      await kubectl([
        'patch',
        'deployment',
        'app',
        '--subresource=scale',
        '--type=merge',
        '-p',
        '{"spec":{"replicas":3}}',
      ]),
    ).toBe('scale.autoscaling/app patched\n');
    expect(
      await kubectl(['get', 'deployment', 'app', '-o', 'jsonpath={..image} {.metadata.labels} {.spec.replicas}']),
    ).toBe('nginx:2 {"kind":"x"} 3');
    const test = '[{"op":"test","path":"/spec/replicas","value":9}]';
    expect((await refused(['patch', 'deployment', 'app', '--type=json', '-p', test])).code).toBe(1);
    expect(
      (await refused(['patch', 'deployment', 'app', '--type=merge', '-p', '{"spec":{"replicas":-1}}'])).stderr,
    ).toContain('spec.replicas: Invalid value: -1');
  });

  test('replace takes a whole object; --force makes it anew', async () => {
    await kubectl('apply -f -', manifest(1, 'one'));
    const before = await kubectl('get configmap settings -o jsonpath={.metadata.uid}');
    expect(await kubectl('replace -f -', manifest(1, 'two'))).toBe(
      'deployment.apps/app replaced\nconfigmap/settings replaced\n',
    );
    expect(await kubectl('get configmap settings -o jsonpath={.metadata.uid}')).toBe(before);
    expect(await kubectl('replace --force -f -', manifest(1, 'two'))).toContain('configmap/settings replaced');
    expect(await kubectl('get configmap settings -o jsonpath={.metadata.uid}')).not.toBe(before);
    const unknown = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: unknown }';
    expect((await refused('replace -f -', unknown)).stderr).toContain('configmaps "unknown" not found');
  });

  test('edit writes back what the editor made of it', async () => {
    const edit = (script: string) =>
      cluster.tryKubectl('edit configmap settings', { env: { KUBE_EDITOR: `sed -i ${script}` } });
    expect(await edit('s/two/three/')).toMatchObject({ code: 0, stdout: 'configmap/settings edited\n' });
    expect(await kubectl('get configmap settings -o jsonpath={.data.value}')).toBe('three');
    expect(await edit('s/nothing/else/')).toMatchObject({
      code: 0,
      stderr: 'Edit cancelled, no changes made.\n',
    });
  });

  test('label and annotate set, refuse to overwrite, overwrite and remove', async () => {
    expect(await kubectl('label configmap settings colour=red')).toBe('configmap/settings labeled\n');
    expect((await refused('label configmap settings colour=blue')).stderr).toContain(
      "'colour' already has a value (red), and --overwrite is false",
    );
    expect(await kubectl('label configmap settings colour=blue --overwrite')).toBe('configmap/settings labeled\n');
    expect(await kubectl('label configmap settings colour-')).toBe('configmap/settings unlabeled\n');
    expect(await kubectl('annotate configmap settings note=some')).toBe('configmap/settings annotated\n');
    expect(await kubectl('annotate configmap settings note-')).toBe('configmap/settings annotated\n');
    expect((await refused('label configmap settings colour=?')).stderr).toContain('invalid label value: "colour=?"');
  });
});

describe('delete', () => {
  test('by name, by label, all of a kind, and with --ignore-not-found', async () => {
    await kubectl('create namespace gone');
    for (const name of ['a', 'b', 'c']) await kubectl(`create configmap ${name} -n gone`);
    await kubectl('label configmap a b x=y -n gone');
    expect(await kubectl('delete configmap -l x=y -n gone')).toMatch(/^configmap "a" deleted.*\nconfigmap "b" deleted/);
    expect(await kubectl('delete configmap c -n gone')).toMatch(/^configmap "c" deleted/);
    expect(await refused('delete configmap c -n gone')).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): configmaps "c" not found\n',
    });
    expect(await kubectl('delete configmap c -n gone --ignore-not-found')).toBe('');
    for (const name of ['a', 'b']) await kubectl(`create secret generic ${name} -n gone`);
    expect(await kubectl('delete secrets --all -n gone')).toMatch(/^secret "a" deleted.*\nsecret "b" deleted/);
    await kubectl('create deployment d --image=nginx -n gone');
    expect(await kubectl('delete namespace gone')).toMatch(/^namespace "gone" deleted/);
    expect((await refused('get namespace gone')).code).toBe(1);
  }, 60_000);

  test('--cascade=orphan leaves the dependents, foreground waits for them', async () => {
    await kubectl('create deployment parent --image=nginx --replicas=2');
    await kubectl('wait --for=condition=Available deployment/parent --timeout=60s');
    await kubectl('delete deployment parent --cascade=orphan');
    expect(await kubectl('get replicasets -l app=parent --no-headers')).toMatch(/^parent-[a-z0-9]+ +2 +2 +2/);
    expect(await kubectl('get replicasets -l app=parent -o jsonpath={.items[0].metadata.ownerReferences}')).toBe('');
    await kubectl('delete replicasets -l app=parent --cascade=foreground');
    expect(await kubectl('get pods -l app=parent -o name')).toBe('');
  });

  test('pods: --now, and --force without waiting', async () => {
    await kubectl('run quick --image=nginx');
    await kubectl('run forced --image=nginx');
    expect(await kubectl('delete pod quick --now')).toMatch(/^pod "quick" deleted/);
    expect(await kubectl('delete pod forced --force --grace-period=0')).toMatch(/^pod "forced" force deleted/);
    expect((await refused('get pod quick forced')).stderr).toMatch(/"quick" not found[^]*"forced" not found/);
  });
});
