import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Explanation } from '../../src/kinds/why/explanation.ts';
import { testCluster, type TestCluster } from '../support/cluster.ts';

const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: web, image: nginx, resources: {requests: {cpu: 500m}}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: miswritten}
spec: {selector: {app: web, tier: backend}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: large}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: "8"}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: crashing}
spec: {containers: [{name: c, image: busybox, command: [sh, -c, 'exit 7']}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: misclassed}
spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: failing}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [sh, -c, 'exit 3']}]}}
`;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster(['--nodes', '2', '--zones', 'a,b']);
  await cluster.kubectl('apply -f -', { input: manifests });
  await cluster.kubectl('wait --for=condition=Available deployment/web --timeout=60s');
  await cluster.kubectl(
    'wait --for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff pod/crashing --timeout=60s',
  );
  await cluster.kubectl('wait --for=jsonpath={.status.failed}=1 job/failing --timeout=60s');
}, 120_000);

afterAll(() => cluster.down());

const ask = (...args: string[]) => cluster.portolan(['why', '--cluster', 'test', ...args]);

async function why(what: string): Promise<Explanation> {
  const { stdout, stderr, code } = await ask(what, '-o', 'json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Explanation;
}

const verdictOf = async (what: string) => {
  const { state, verdict } = await why(what);
  return `${state}: ${verdict}`;
};

test('a pod that fits nowhere: the nodes, what each lacks, the change that helps', async () => {
  const { stdout } = await ask('pod/large');
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^Pending for \d+ s: No node fits\. Nearest: n1, n2 \(cpu: wants 8, free 7500m\)\.$/);
  expect(lines).toContain('  node             n1 n2');
  expect(stdout).toContain('Preemption would not help: no pod of lower priority on any node.');
  expect(stdout).toMatch(/^Try: request 7500m instead of 8 cpu \(container c\): it then fits on n1$/m);
});

test.each([
  ['deploy/web', /^Available: All 2 pods are of the newest template and available\.$/],
  ['svc/web', /^Ready: It has 2 ready endpoints of 2 pods\.$/],
  ['pod/crashing', /^CrashLoopBackOff: Container c keeps ending: exit code 7; restarted \d times\.$/],
  ['pvc/data', /^Pending: It waits for a pod that uses it: its class binds where that pod goes\.$/],
  ['pvc/misclassed', /^Pending: There is no StorageClass fast\. There are: standard\.$/],
  ['job/failing', /^(BackOff|Running|Waiting): .*the Job gives up after 7 \(backoffLimit 6\)\.$/],
])('%s in one sentence', async (what, sentence) => {
  expect(await verdictOf(what)).toMatch(sentence);
});

test('a service that selects nobody names the pods that come near', async () => {
  const { state, causes } = await why('svc/miswritten');
  expect(state).toBe('NoEndpoints');
  expect(causes?.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^pod web-\S+ differs: tier is front, not backend$/),
  );
});

test('a node says what a drain would do, and which budget forbids it', async () => {
  const steps = (await Promise.all(['node/n1', 'node/n2'].map(why))).flatMap(({ drain = [] }) => drain);
  const web = steps.filter(({ name }) => name.startsWith('web-'));
  expect(web).toHaveLength(2);
  for (const { outcome, budget, message } of web) {
    expect([outcome, budget]).toEqual(['Blocked', 'web']);
    expect(message).toBe('budget web wants 2 of 2 healthy, 2 are: it never allows one to go');
  }
  expect(steps.find(({ name }) => name === 'crashing')?.outcome).toBe('Lost');
});

test('a pod that is gone: who deleted it', async () => {
  await cluster.kubectl('run short --image=nginx');
  await cluster.kubectl('wait --for=condition=Ready pod/short --timeout=60s');
  await cluster.kubectl('delete pod short');
  expect(await verdictOf('pod/short')).toBe('Gone: Deleted by kubernetes-admin (kubectl).');
});

test('the same answers through kubectl, as a table and explained', async () => {
  const table = await cluster.kubectl('get pods.why.portolan.dev large');
  expect(table).toMatch(/^NAME +STATE +FOR +VERDICT\nlarge +Pending +\S+ +No node fits\./);
  const text = await cluster.kubectl('explain pods.verdict --api-version=why.portolan.dev/v1alpha1');
  expect(text).toContain('The answer in one sentence.');
});

test('what is not there, and what cannot be asked about', async () => {
  const absent = await ask('pod/nobody');
  expect([absent.code, absent.stderr]).toEqual([
    1,
    expect.stringContaining('there is no pod/nobody in namespace default'),
  ]);
  const unknown = await ask('depoy/web');
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean deploy/web?')]);
  const bare = await ask('web');
  expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('give a kind and a name')]);
});
