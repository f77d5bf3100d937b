// kubectl and workloads: run, rollouts, scaling, set, expose, wait, logs, events.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCluster, testCluster } from '../support/cluster.ts';

let cluster: TestCluster;
const kubectl = (args: string | readonly string[], input = ''): Promise<string> => cluster.kubectl(args, { input });
const refused = (args: string | readonly string[]) => cluster.tryKubectl(args);

beforeAll(async () => {
  cluster = await testCluster();
  await kubectl('create deployment web --image=nginx:1.27 --replicas=3');
  await kubectl('wait --for=condition=Available deployment/web --timeout=60s');
});
afterAll(() => cluster.down());

describe('rollout', () => {
  test('status tells the steps; history keeps the revisions; undo goes back to one', async () => {
    expect(await kubectl('set image deployment/web nginx=nginx:1.28')).toBe('deployment.apps/web image updated\n');
    await kubectl('annotate deployment web kubernetes.io/change-cause=newer');
    const status = await kubectl('rollout status deployment/web --timeout=60s');
    expect(status).toMatch(/^deployment "web" successfully rolled out$/m);
    expect(await kubectl('rollout history deployment/web')).toMatch(/^1 +<none>\n2 +newer$/m);
    expect(await kubectl('rollout history deployment/web --revision=2')).toMatch(/Image:\s+nginx:1\.28/);
    expect(await kubectl('rollout undo deployment/web --to-revision=1')).toBe('deployment.apps/web rolled back\n');
    await kubectl('rollout status deployment/web --timeout=60s');
    expect(await kubectl('get pods -l app=web -o jsonpath={.items[*].spec.containers[0].image}')).toBe(
      'nginx:1.27 nginx:1.27 nginx:1.27',
    );
    expect(await kubectl('rollout history deployment/web')).toMatch(/^2 +newer\n3 +/m);
  });

  test('a paused rollout waits until it is resumed', async () => {
    expect(await kubectl('rollout pause deployment/web')).toBe('deployment.apps/web paused\n');
    await kubectl('set env deployment/web MODE=fast');
    expect((await refused('rollout status deployment/web --timeout=1s')).code).toBe(1);
    expect(await kubectl('get pods -l app=web -o jsonpath={.items[*].spec.containers[0].env}')).toBe('');
    expect(await kubectl('rollout resume deployment/web')).toBe('deployment.apps/web resumed\n');
    await kubectl('rollout status deployment/web --timeout=60s');
    expect(await kubectl('set env deployment/web --list')).toContain('MODE=fast');
  });

  test('restart replaces every pod', async () => {
    const before = await kubectl('get pods -l app=web -o name');
    expect(await kubectl('rollout restart deployment/web')).toBe('deployment.apps/web restarted\n');
    await kubectl('rollout status deployment/web --timeout=60s');
    const after = await kubectl('get pods -l app=web -o name');
    expect(after.split('\n').filter((pod) => pod !== '' && before.includes(pod))).toEqual([]);
  });

  test('a rollout that cannot succeed times out, and can be undone', async () => {
    await kubectl('set image deployment/web nginx=nginx:1.28 --field-manager=test');
    await kubectl('set resources deployment/web --requests=cpu=1000');
    expect((await refused('rollout status deployment/web --timeout=2s')).stderr).toContain(
      'timed out waiting for the condition',
    );
    expect(await kubectl('get pods -l app=web --field-selector=status.phase=Pending -o name')).toMatch(/^pod\/web-/);
    expect(await kubectl('events --types=Warning')).toMatch(
      /FailedScheduling .*0\/3 nodes are available: 3 Insufficient cpu/,
    );
    await kubectl('rollout undo deployment/web');
    await kubectl('rollout status deployment/web --timeout=60s');
  });
});

test('daemon sets and stateful sets roll, too', async () => {
  const manifest = (kind: string, more: string) => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: each }
spec:
  ${more}
  selector: { matchLabels: { each: ${kind} } }
  template:
    metadata: { labels: { each: ${kind} } }
    spec: { containers: [{ name: c, image: "a:1" }] }
---
`;
  await kubectl('apply -f -', manifest('DaemonSet', 'minReadySeconds: 0') + manifest('StatefulSet', 'replicas: 2'));
  for (const [kind, end] of [
    ['daemonset', 'daemon set "each" successfully rolled out'],
    ['statefulset', 'partitioned roll out complete: 2 new pods have been updated...'],
  ] as const) {
    await kubectl(`rollout status ${kind}/each --timeout=60s`);
    await kubectl(`set image ${kind}/each c=a:2`);
    expect((await kubectl(`rollout status ${kind}/each --timeout=60s`)).trimEnd().split('\n').at(-1)).toBe(end);
    expect(await kubectl(`rollout history ${kind}/each`)).toMatch(/^1 +<none>\n2 +<none>$/m);
    await kubectl(`rollout undo ${kind}/each`);
    await kubectl(`rollout status ${kind}/each --timeout=60s`);
    expect(await kubectl(`get ${kind} each -o jsonpath={..image}`)).toBe('a:1');
  }
}, 60_000);

test('scale, also on a condition; autoscale makes an autoscaler', async () => {
  expect(await kubectl('scale deployment/web --replicas=2')).toBe('deployment.apps/web scaled\n');
  expect(await kubectl('wait --for=jsonpath={.status.replicas}=2 deployment/web --timeout=60s')).toContain(
    'condition met',
  );
  expect((await refused('scale deployment/web --current-replicas=7 --replicas=1')).stderr).toContain(
    'Expected replicas to be 7, was 2',
  );
  expect(await kubectl('autoscale deployment web --min=2 --max=5 --cpu=80%')).toBe(
    'horizontalpodautoscaler.autoscaling/web autoscaled\n',
  );
  expect(await kubectl('get hpa web')).toMatch(/^web +Deployment\/web +cpu: <unknown>\/80% +2 +5 /m);
  expect(await kubectl('describe hpa web')).toMatch(/resource cpu on pods.*<unknown> \/ 80%/);
  await kubectl('delete hpa web');
});

test('expose gives a service that finds the pods', async () => {
  expect(await kubectl('expose deployment web --port=80 --target-port=8080')).toBe('service/web exposed\n');
  await kubectl(
    'wait --for=jsonpath={.endpoints[0].conditions.ready}=true endpointslice -l kubernetes.io/service-name=web --timeout=20s',
  );
  expect(await kubectl('describe service web')).toMatch(/^Endpoints: +(10\.244\.\d+\.\d+:8080,?){2}/m);
  expect(await kubectl(['set', 'selector', 'service', 'web', 'app=none'])).toBe('service/web selector updated\n');
  await kubectl('create serviceaccount robot');
  expect(await kubectl('set serviceaccount deployment web robot')).toBe('deployment.apps/web serviceaccount updated\n');
});

describe('run and logs', () => {
  const script = (text: string) => ['--image=busybox', '--restart=Never', '--', 'sh', '-c', text];

  test('a pod of a script runs to its end, and logs -f follows it there', async () => {
    expect(await kubectl(['run', 'hello', ...script('echo one; sleep 4; echo two')])).toBe('pod/hello created\n');
    await kubectl('wait --for=condition=Ready pod/hello --timeout=20s');
    expect(await kubectl('logs -f hello')).toBe('one\ntwo\n');
    expect(await kubectl('logs hello --tail=1')).toBe('two\n');
    expect(await kubectl('logs hello --timestamps --since=10m')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z one\n/);
    expect(await kubectl('wait --for=jsonpath={.status.phase}=Succeeded pod/hello --timeout=20s')).toBe(
      'pod/hello condition met\n',
    );
    expect(await kubectl('get pod hello --no-headers')).toMatch(/^hello +0\/1 +Completed +0/);
  });

  test('a crashing container is restarted, and --previous has its last words', async () => {
    await kubectl(['run', 'crash', '--image=busybox', '--', 'sh', '-c', 'echo failing; exit 3']);
    await kubectl('wait --for=jsonpath={.status.containerStatuses[0].restartCount}=1 pod/crash --timeout=30s');
    expect(await kubectl('logs crash --previous')).toBe('failing\n');
    await kubectl(
      'wait --for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff pod/crash --timeout=30s',
    );
    expect(await kubectl('get pod crash --no-headers')).toMatch(/^crash +0\/1 +CrashLoopBackOff +1 \(\d+s ago\)/);
    expect(await kubectl('describe pod crash')).toMatch(
      /Last State: +Terminated\n +Reason: +Error\n +Exit Code: +3[^]*Back-off restarting failed container/,
    );
    await kubectl('delete pod crash --now');
  });

  test('-c, -l, --all-containers and --prefix choose among several', async () => {
    await kubectl(
      'apply -f -',
      `
apiVersion: v1
kind: Pod
metadata: { name: pair, labels: { is: pair } }
spec:
  initContainers: [{ name: first, image: busybox, command: [sh, -c, echo from first] }]
  containers:
  - { name: a, image: busybox, command: [sh, -c, echo from a; sleep 3600] }
  - { name: b, image: busybox, command: [sh, -c, echo from b; sleep 3600] }
`,
    );
    await kubectl('wait --for=condition=Ready pod/pair --timeout=30s');
    expect(await kubectl('logs pair -c b')).toBe('from b\n');
    expect(await kubectl('logs pair -c first')).toBe('from first\n');
    const all = await kubectl('logs -l is=pair --all-containers --prefix');
    expect(all.trimEnd().split('\n').sort()).toEqual([
      '[pod/pair/a] from a',
      '[pod/pair/b] from b',
      '[pod/pair/first] from first',
    ]);
    expect(await refused('logs pair')).toMatchObject({
      code: 0,
      stdout: 'from a\n',
      stderr: expect.stringContaining('Defaulted container "a" out of: a, b, first (init)'),
    });
    expect((await refused('logs pair -c nope')).stderr).toContain('container nope is not valid for pod pair');
    expect(await kubectl('get pod pair --no-headers')).toMatch(/^pair +2\/2 +Running/);
  });

  test('run -i without a terminal gives the output of the command', async () => {
    const { code, stdout } = await refused(['run', '-i', 'typed', ...script('echo typed')]);
    expect(code).toBe(0);
    expect(stdout).toContain('typed\n');
  });

  test('what runs nothing says that it is simulated', async () => {
    expect(await kubectl('logs deployment/web')).toMatch(
      /simulated container "nginx" of image "nginx:1\.2\d": no program really runs here/,
    );
  });
});

test('wait ends by condition, by a deletion, or by its patience', async () => {
  await kubectl('run waited --image=nginx');
  expect(await kubectl('wait --for=condition=Ready pod/waited --timeout=30s')).toBe('pod/waited condition met\n');
  expect(await refused('wait --for=condition=Special pod/waited --timeout=1s')).toMatchObject({
    code: 1,
    stderr: 'error: timed out waiting for the condition on pods/waited\n',
  });
  const gone = kubectl('wait --for=delete pod/waited --timeout=60s');
  await kubectl('delete pod waited --wait=false');
  expect(await gone).toBe('pod/waited condition met\n');
});

test('events of one object, and all of them', async () => {
  expect(await kubectl('events --for deployment/web')).toMatch(
    /Normal +ScalingReplicaSet +Deployment\/web +Scaled up replica set web-[a-z0-9]+ from 0 to 3/,
  );
  expect(await kubectl('get events --field-selector=reason=Scheduled,involvedObject.name=pair')).toMatch(
    /pod\/pair +Successfully assigned default\/pair to n\d/,
  );
});
