import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minutes, seconds } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import type { Client } from '../client/client.ts';
import type { Informers } from '../client/informers.ts';
import { persistentVolumes } from './persistent-volumes.ts';
import type { ConfigMap, Container, Pod, PodCondition, PodStatus } from '../kinds/generated/types/core-v1.ts';
import { podAddresses } from './addresses.ts';
import type { Refusal } from './admission.ts';
import type { PodHost } from './pod-host.ts';
import { podWorker } from './pod-worker.ts';
import { recoverPod } from './recovery.ts';
import { noMounts } from './runtime.ts';
import { simulatedRuntime } from './simulated-runtime.ts';

interface StatusWrite {
  readonly status?: PodStatus;
}

/** Merges a status patch as the API server does: conditions by type, null removes. */
function merged(status: PodStatus, patch: PodStatus): PodStatus {
  const { conditions = [], ...rest } = patch;
  const known = new Map((status.conditions ?? []).map((condition) => [condition.type, condition]));
  for (const each of conditions) {
    if ('$patch' in each) known.delete(each.type);
    else known.set(each.type, withoutNulls({ ...known.get(each.type), ...each }));
  }
  return withoutNulls({ ...status, ...rest, conditions: [...known.values()] });
}

const withoutNulls = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null)) as T;

/** One pod on one node, with everything its worker wrote. */
function node(
  given: {
    spec: Pod['spec'];
    annotations?: Record<string, string>;
    configMaps?: ConfigMap[];
    refusal?: () => Refusal | undefined;
  },
  seed = 1,
) {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const events: string[] = [];
  const phases: string[] = [];
  const configMaps = new Map((given.configMaps ?? []).map((map) => [map.metadata.name, map]));
  let writes = 0;
  let deleted = false;
  let pod: Pod = {
    metadata: { name: 'web', namespace: 'default', uid: 'u1', generation: 1, annotations: given.annotations ?? {} },
    spec: given.spec,
  };
  const runtime = simulatedRuntime({ clock, random: seededRandom(seed), addresses: podAddresses('10.244.3.0/24') });
  const client = {
    async patch(_kind: unknown, _target: unknown, { status }: StatusWrite) {
      writes++;
      pod = { ...pod, status: merged(pod.status ?? {}, status ?? {}) };
      if (phases.at(-1) !== pod.status?.phase) phases.push(pod.status?.phase ?? '');
      return pod;
    },
    async delete() {
      deleted = true;
    },
  } as unknown as Client;
  const host: PodHost = {
    clock,
    log: silentLog,
    client,
    runtime,
    volumes: persistentVolumes({ client, informers: {} as Informers, event: () => {} }).of('n', () => true),
    facts: { hostIP: '172.18.0.2', runtime: 'simulated' },
    event: (_about, { reason, message }) => void events.push(`${reason}: ${message}`),
    sources: async () => ({ configMap: (name) => configMaps.get(name), secret: () => undefined }),
    refusal: () => given.refusal?.(),
    online: () => true,
  };

  const begin = () => {
    const { record, sandbox, running } = recoverPod(pod, clock.now());
    const worker = podWorker(pod, record, host);
    runtime.onExit(worker.exited);
    if (sandbox)
      runtime.recover(
        sandbox,
        running.map((each) => ({ ...each, mounts: () => Promise.resolve(noMounts) })),
      );
    worker.wake();
    return worker;
  };
  let worker = begin();
  return {
    clock,
    events,
    phases,
    configMaps,
    runtime,
    status: () => pod.status ?? {},
    writes: () => writes,
    deleted: () => deleted,
    change(change: (draft: Pod) => void) {
      const draft = structuredClone(pod);
      change(draft);
      pod = draft;
      worker.update(pod);
    },
    restart() {
      worker.stop();
      worker = begin();
    },
    delete(graceSeconds = 30) {
      this.change((draft) => {
        draft.metadata.deletionTimestamp = '2026-01-01T00:01:00Z';
        draft.metadata.deletionGracePeriodSeconds = graceSeconds;
      });
    },
    container: (name = 'c') =>
      [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
        (each) => each.name === name,
      ),
    condition: (type: string): PodCondition | undefined => pod.status?.conditions?.find((each) => each.type === type),
  };
}

const container = (more: Partial<Container> = {}): Container => ({ name: 'c', image: 'nginx:1.27', ...more });

test('an ordinary pod is pulled, created, started and ready, in few writes', async () => {
  const web = node({ spec: { containers: [container()] } });
  await web.clock.advance(seconds(10));

  expect(web.phases).toEqual(['Pending', 'Running']);
  expect(web.writes()).toBeLessThanOrEqual(3);
  expect(web.events.map((event) => event.replace(/\d[\d.]*m?s|\d{6,}/g, 'N'))).toEqual([
    'Pulling: Pulling image "nginx:1.27"',
    'Pulled: Successfully pulled image "nginx:1.27" in N (N including waiting). Image size: N bytes.',
    'Created: Container created',
    'Started: Container started',
  ]);
  expect(web.status()).toMatchObject({ podIP: '10.244.3.2', podIPs: [{ ip: '10.244.3.2' }], hostIP: '172.18.0.2' });
  expect(web.status().conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=True',
    'Ready=True',
    'ContainersReady=True',
    'PodScheduled=True',
  ]);
  expect(web.container()).toMatchObject({
    ready: true,
    started: true,
    restartCount: 0,
    image: 'docker.io/library/nginx:1.27',
  });
  expect(web.container()?.containerID).toMatch(/^simulated:\/\/[0-9a-f]{64}$/);
  expect(web.clock.pending()).toBe(0);
});

test('a crashing container is restarted at once, then after 10 s, 20 s, and so on up to five minutes', async () => {
  const web = node({
    spec: { containers: [container()] },
    annotations: { 'portolan.dev/behavior': 'exit 1 after 1s' },
  });
  const restarts: number[] = [];
  for (let second = 0; second < 900; second++) {
    await web.clock.advance(seconds(1));
    const count = web.container()?.restartCount ?? 0;
    if (count > restarts.length) restarts.push(second);
  }
  const gaps = restarts.slice(1).map((at, i) => at - (restarts[i] ?? 0));
  expect(gaps.map((gap) => Math.round(gap / 10) * 10)).toEqual([10, 20, 40, 80, 160, 300]);
  expect(web.container()).toMatchObject({
    state: {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 5m0s restarting failed container=c pod=web_default(u1)',
      },
    },
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  });
  expect(web.condition('Ready')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [c]',
  });
  expect(web.status().phase).toBe('Running');
});

test('the back-off is forgotten after ten minutes of running', async () => {
  const web = node({
    spec: { containers: [container()] },
    annotations: { 'portolan.dev/behavior': 'exit 1 after 11m' },
  });
  await web.clock.advance(minutes(45));
  expect(web.container()).toMatchObject({ restartCount: 4, state: { running: {} } });
});

test('init containers run in order, a sidecar starts before what follows and ends last', async () => {
  const web = node({
    spec: {
      restartPolicy: 'Never',
      initContainers: [
        container({ name: 'first', command: ['sh', '-c', 'sleep 4'] }),
        container({ name: 'proxy', restartPolicy: 'Always' }),
        container({ name: 'second', command: ['sh', '-c', 'sleep 3; exit 0'] }),
      ],
      containers: [container({ command: ['sleep', '5'] })],
    },
  });
  await web.clock.advance(seconds(4));
  expect(web.container('first')?.state?.running).toBeDefined();
  expect(web.container('proxy')?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  expect(web.condition('Initialized')).toMatchObject({
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [first proxy second]',
  });

  await web.clock.advance(seconds(30));
  expect(web.phases).toEqual(['Pending', 'Running', 'Succeeded']);
  expect(web.container('proxy')?.state?.terminated).toMatchObject({ exitCode: 0 });
  const end = (name: string) => web.container(name)?.state?.terminated?.finishedAt ?? '';
  expect(end('first') < end('second') && end('second') < end('c')).toBe(true);
  expect(web.condition('Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
});

test('an init container that fails for good fails the pod', async () => {
  const web = node({
    spec: {
      restartPolicy: 'Never',
      initContainers: [container({ name: 'init', command: ['false'] })],
      containers: [container()],
    },
  });
  await web.clock.advance(seconds(20));
  expect(web.status().phase).toBe('Failed');
  expect(web.container()?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  expect(web.condition('Initialized')?.status).toBe('False');
});

test('a Job-like pod does some work and succeeds; with a terminal attached it waits', async () => {
  const job = node({ spec: { restartPolicy: 'OnFailure', containers: [container()] } });
  const shell = node({ spec: { restartPolicy: 'Never', containers: [container({ stdin: true, tty: true })] } });
  await job.clock.advance(minutes(1));
  await shell.clock.advance(minutes(1));
  expect(job.phases).toEqual(['Pending', 'Running', 'Succeeded']);
  expect(shell.phases).toEqual(['Pending', 'Running']);
});

test('readiness waits for its probe, and a slow start is not ready before its time', async () => {
  const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 10, failureThreshold: 3, successThreshold: 1 };
  const web = node({
    spec: { containers: [container({ readinessProbe })] },
    annotations: { 'portolan.dev/behavior': 'slow-start 90s; not-ready after 5m' },
  });
  await web.clock.advance(seconds(80));
  expect(web.container()).toMatchObject({ ready: false, started: true, restartCount: 0 });
  expect(web.events.filter((event) => event.startsWith('Unhealthy: Readiness probe failed:')).length).toBeGreaterThan(
    5,
  );
  await web.clock.advance(seconds(30));
  expect(web.condition('Ready')?.status).toBe('True');
  // A steady answer is not asked for again and again.
  expect(web.clock.pending()).toBe(1);
  await web.clock.advance(minutes(5));
  expect(web.condition('Ready')?.status).toBe('False');
});

test('readiness is asked as soon as the container runs, not a period later', async () => {
  const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 60 };
  const web = node({ spec: { containers: [container({ readinessProbe })] } });
  await web.clock.advance(seconds(30));
  expect(web.condition('Ready')?.status).toBe('True');
});

test('a failing liveness probe restarts, a startup probe holds it back', async () => {
  const livenessProbe = { httpGet: { port: 80 }, periodSeconds: 5, failureThreshold: 2 };
  const impatient = node({
    spec: { containers: [container({ livenessProbe })] },
    annotations: { 'portolan.dev/behavior': 'slow-start 30s' },
  });
  await impatient.clock.advance(seconds(25));
  expect(impatient.container()?.restartCount).toBeGreaterThan(0);
  expect(impatient.events).toContain('Killing: Container c failed liveness probe, will be restarted');

  const startupProbe = { httpGet: { port: 80 }, periodSeconds: 5, failureThreshold: 30 };
  const patient = node({
    spec: { containers: [container({ livenessProbe, startupProbe })] },
    annotations: { 'portolan.dev/behavior': 'slow-start 30s' },
  });
  await patient.clock.advance(seconds(25));
  expect(patient.container()).toMatchObject({ started: false, ready: false, restartCount: 0 });
  await patient.clock.advance(seconds(25));
  expect(patient.container()).toMatchObject({ started: true, ready: true, restartCount: 0 });
});

const address = '10.244.3.2';

test.each([
  ['http:/healthz fails', 'HTTP probe failed with statuscode: 503'],
  ['slow-start 1m', `Get "http://${address}:8080/healthz": dial tcp ${address}:8080: connect: connection refused`],
  [
    'http hangs',
    `Get "http://${address}:8080/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  ],
  ['tcp:db fails', `dial tcp ${address}:5432: connect: connection refused`],
  ['tcp:5432 hangs', `dial tcp ${address}:5432: i/o timeout`],
  ['grpc:9000 fails', 'service unhealthy (responded with "NOT_SERVING")'],
  ['grpc hangs', 'timeout: health rpc did not complete within 2s'],
  ['slow-start 61s', `timeout: failed to connect service "${address}:9000" within 2s: context deadline exceeded`],
  ['exec:pg_isready hangs', 'command timed out: "/bin/pg_isready -q" timed out after 2s'],
])('%s is told as the kubelet tells it: %s', async (behavior, text) => {
  const handlers = {
    a: { httpGet: { path: '/healthz', port: 'web' } },
    b: { tcpSocket: { port: 'db' } },
    c: { grpc: { port: 9000 } },
    d: { exec: { command: ['/bin/pg_isready', '-q'] } },
  };
  const ports = [
    { name: 'web', containerPort: 8080 },
    { name: 'db', containerPort: 5432 },
  ];
  const web = node({
    spec: {
      containers: Object.entries(handlers).map(([name, handler]) =>
        container({ name, ports, readinessProbe: { ...handler, timeoutSeconds: 2, periodSeconds: 10 } }),
      ),
    },
    annotations: { 'portolan.dev/behavior': behavior },
  });
  await web.clock.advance(seconds(20));
  expect(web.events).toContain(`Unhealthy: Readiness probe failed: ${text}`);
});

test('a probe fails for as long as it is told to, and counts as the kubelet counts', async () => {
  const probe = (path: string) => ({ httpGet: { path, port: 80 }, periodSeconds: 5, failureThreshold: 2 });
  const web = node({
    spec: { containers: [container({ readinessProbe: probe('/ready'), livenessProbe: probe('/healthz') })] },
    annotations: { 'portolan.dev/behavior': 'http:/ready fails from 1m to 90s; http:/healthz fails after 5m' },
  });
  await web.clock.advance(seconds(50));
  expect(web.condition('Ready')?.status).toBe('True');
  await web.clock.advance(seconds(30));
  expect(web.condition('Ready')?.status).toBe('False');
  await web.clock.advance(seconds(30));
  expect(web.condition('Ready')?.status).toBe('True');
  expect(web.container()?.restartCount).toBe(0);
  await web.clock.advance(minutes(4));
  expect(web.container()?.restartCount).toBe(1);
  expect(web.events).toContain('Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 503');
});

test('a command that is here really probes a program that is here', async () => {
  const livenessProbe = { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 };
  const command = ['/bin/sh', '-c', 'touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600'];
  const web = node({ spec: { containers: [container({ command, livenessProbe })] } });
  await web.clock.advance(seconds(30));
  expect(web.events.filter((event) => event.startsWith('Unhealthy'))).toEqual([]);
  await web.clock.advance(seconds(45));
  expect(web.events.find((event) => event.startsWith('Unhealthy'))).toBe(
    'Unhealthy: Liveness probe failed: cat: /tmp/healthy: No such file or directory\n',
  );
  await web.clock.advance(seconds(20));
  expect(web.container()?.restartCount).toBe(1);
});

test('a container does not count as running before its postStart hook is through, and what follows waits', async () => {
  const lifecycle = { postStart: { exec: { command: ['sh', '-c', 'sleep 20'] } } };
  const web = node({ spec: { containers: [container({ lifecycle }), container({ name: 'next' })] } });
  await web.clock.advance(seconds(20));
  expect(web.events.at(-1)).toBe('Started: Container started');
  expect(web.container()).toMatchObject({ started: false, state: { waiting: { reason: 'ContainerCreating' } } });
  expect(web.container('next')?.containerID).toBeUndefined();
  await web.clock.advance(seconds(10));
  expect(web.container()).toMatchObject({ ready: true, started: true });
  expect(web.container('next')).toMatchObject({ ready: true });
});

test('a failing postStart hook kills the container, again and again', async () => {
  const lifecycle = { postStart: { exec: { command: ['sh', '-c', 'echo no; exit 3'] } } };
  const web = node({ spec: { containers: [container({ lifecycle })] } });
  const seen: unknown[] = [];
  for (let tenth = 0; tenth < 150; tenth++) {
    await web.clock.advance(100);
    const waiting = web.container()?.state?.waiting;
    if (waiting?.reason !== (seen.at(-1) as typeof waiting)?.reason) seen.push(waiting);
  }
  expect(web.events.slice(3, 6)).toEqual([
    'Started: Container started',
    'FailedPostStartHook: PostStartHook failed',
    'Killing: FailedPostStartHook',
  ]);
  expect(seen).toContainEqual({
    reason: 'PostStartHookError',
    message: `Exec lifecycle hook ([sh -c echo no; exit 3]) for Container "c" in Pod "web_default(u1)" failed - error: command 'sh -c echo no; exit 3' exited with 3: , message: "no\\n"`,
  });
  expect(seen.at(-1)).toMatchObject({ reason: 'CrashLoopBackOff' });
  expect(web.container()).toMatchObject({ ready: false, restartCount: 2, lastState: { terminated: { exitCode: 0 } } });
});

test('hooks ask over HTTP; one that fails before the end does not hold it up', async () => {
  const missing = { httpGet: { port: 81, path: '/bye' } };
  const lifecycle = { postStart: { httpGet: { port: 80, path: '/hi' } }, preStop: missing };
  const web = node({ spec: { containers: [container({ lifecycle, ports: [{ containerPort: 80 }] })] } });
  await web.clock.advance(seconds(10));
  expect(web.container()?.ready).toBe(true);
  web.delete();
  await web.clock.advance(seconds(2));
  expect(web.events.slice(-2)).toEqual(['Killing: Stopping container c', 'FailedPreStopHook: PreStopHook failed']);
  expect(web.deleted()).toBe(true);
});

test('a pod deleted during a postStart hook does not wait for it', async () => {
  const web = node({ spec: { containers: [container({ lifecycle: { postStart: { sleep: { seconds: 600 } } } })] } });
  await web.clock.advance(seconds(10));
  web.delete();
  await web.clock.advance(seconds(2));
  expect(web.events.slice(-2)).toEqual(['FailedPostStartHook: PostStartHook failed', 'Killing: FailedPostStartHook']);
  expect(web.deleted()).toBe(true);
  expect(web.clock.pending()).toBe(0);
});

test('a failing liveness probe gives the time that it says, not the pod', async () => {
  const livenessProbe = {
    httpGet: { port: 80 },
    periodSeconds: 5,
    failureThreshold: 1,
    terminationGracePeriodSeconds: 3,
  };
  const web = node({
    spec: { terminationGracePeriodSeconds: 300, containers: [container({ livenessProbe })] },
    annotations: { 'portolan.dev/behavior': 'liveness fails after 10s; stop after 1h' },
  });
  await web.clock.advance(seconds(30));
  expect(web.container()).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 137 } } });
});

test('deletion stops the container, writes the final status, then deletes the object', async () => {
  const web = node({ spec: { containers: [container({ lifecycle: { preStop: { sleep: { seconds: 5 } } } })] } });
  await web.clock.advance(seconds(10));
  web.delete();
  await web.clock.advance(seconds(4));
  expect(web.events.at(-1)).toBe('Killing: Stopping container c');
  expect(web.deleted()).toBe(false);
  expect(web.status().phase).toBe('Running');
  await web.clock.advance(seconds(2));
  expect(web.status().phase).toBe('Succeeded');
  expect(web.container()?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(web.deleted()).toBe(true);
  expect(web.clock.pending()).toBe(0);
});

test('a container that does not stop in time is killed, sooner when the grace is cut', async () => {
  const web = node({ spec: { containers: [container()] }, annotations: { 'portolan.dev/behavior': 'stop after 5m' } });
  await web.clock.advance(seconds(10));
  web.delete(60);
  await web.clock.advance(seconds(20));
  expect(web.deleted()).toBe(false);
  web.delete(3);
  await web.clock.advance(seconds(4));
  expect(web.deleted()).toBe(true);
  expect(web.container()?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
  expect(web.status().phase).toBe('Failed');
});

test('a pod deleted before its container ran says that nothing was found', async () => {
  const web = node({ spec: { containers: [container({ image: 'registry.invalid/x:1' })] } });
  await web.clock.advance(seconds(10));
  web.delete();
  await web.clock.advance(seconds(2));
  expect(web.deleted()).toBe(true);
  expect(web.container()?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' });
});

test('an image that cannot be pulled is tried again with a growing pause', async () => {
  const web = node({ spec: { containers: [container()] }, annotations: { 'portolan.dev/behavior': 'pull-error' } });
  const reasons: string[] = [];
  for (let second = 0; second < 60; second++) {
    await web.clock.advance(seconds(1));
    const reason = web.container()?.state?.waiting?.reason ?? '';
    if (reasons.at(-1) !== reason) reasons.push(reason);
  }
  expect(reasons.slice(0, 4)).toEqual(['ErrImagePull', 'ImagePullBackOff', 'ErrImagePull', 'ImagePullBackOff']);
  expect(web.container()?.state?.waiting?.message).toMatch(
    /^Back-off pulling image "nginx:1.27": ErrImagePull: failed to pull and unpack image/,
  );
  expect(web.status().phase).toBe('Pending');
});

test('a missing config map holds the container, as a volume and as environment', async () => {
  const volume = node({
    spec: { volumes: [{ name: 'v', configMap: { name: 'settings' } }], containers: [container()] },
  });
  await volume.clock.advance(seconds(5));
  expect(volume.events[0]).toBe(
    'FailedMount: MountVolume.SetUp failed for volume "v" : configmap "settings" not found',
  );
  expect(volume.container()?.state?.waiting?.reason).toBe('ContainerCreating');
  expect(volume.condition('PodReadyToStartContainers')?.status).toBe('False');

  const variable = { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } };
  const environment = node({
    spec: { containers: [container({ env: [variable], command: ['sh', '-c', 'echo $COLOR; sleep 99'] })] },
  });
  await environment.clock.advance(seconds(5));
  expect(environment.container()?.state?.waiting).toEqual({
    reason: 'CreateContainerConfigError',
    message: 'configmap "settings" not found',
  });
  environment.configMaps.set('settings', { metadata: { name: 'settings' }, data: { color: 'blue' } });
  await environment.clock.advance(seconds(15));
  const id = environment.container()?.containerID?.slice('simulated://'.length) ?? '';
  expect(environment.runtime.log(id).map(({ text }) => text)).toEqual(['blue']);
});

test('a leak ends in OOMKilled when it passes the limit', async () => {
  const web = node({
    spec: { containers: [container({ resources: { limits: { memory: '116Mi' } } })] },
    annotations: { 'portolan.dev/behavior': 'leak 10Mi/min' },
  });
  await web.clock.advance(minutes(9));
  expect(web.container()?.restartCount).toBe(0);
  await web.clock.advance(minutes(2));
  expect(web.container()).toMatchObject({
    restartCount: 1,
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
  });
});

test('a pod past its active deadline fails', async () => {
  const web = node({
    spec: { activeDeadlineSeconds: 30, restartPolicy: 'Never', containers: [container({ command: ['sleep', '600'] })] },
  });
  await web.clock.advance(seconds(40));
  expect(web.status()).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
  expect(web.deleted()).toBe(false);
});

test('restarting the program changes nothing for running containers', async () => {
  const web = node({
    spec: { containers: [container()] },
    annotations: { 'portolan.dev/behavior': 'exit 1 after 10m' },
  });
  await web.clock.advance(minutes(5));
  const before = structuredClone(web.status());
  const writes = web.writes();
  web.restart();
  await web.clock.advance(minutes(1));
  expect(web.status()).toEqual(before);
  expect(web.writes()).toBe(writes);
  await web.clock.advance(minutes(5));
  expect(web.container()).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
});

test('readiness gates count', async () => {
  const web = node({ spec: { readinessGates: [{ conditionType: 'example.com/lb' }], containers: [container()] } });
  await web.clock.advance(seconds(10));
  expect(web.condition('Ready')).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'corresponding condition of pod readiness gate "example.com/lb" does not exist.',
  });
  web.change((draft) => void draft.status?.conditions?.push({ type: 'example.com/lb', status: 'True' }));
  await web.clock.advance(seconds(1));
  expect(web.condition('Ready')).toMatchObject({ status: 'True' });
});

const resources = (memory: string) => ({ requests: { memory }, limits: { memory } });

test('a resize is granted, takes a moment, and is in force', async () => {
  const web = node({
    spec: { containers: [container({ resources: resources('100Mi') })] },
    annotations: { 'portolan.dev/behavior': 'memory 50Mi; leak 10Mi/min' },
  });
  await web.clock.advance(minutes(1));
  web.change((draft) => {
    draft.metadata.generation = 3;
    draft.spec.containers = [container({ resources: resources('300Mi') })];
  });
  await web.clock.advance(1);
  expect(web.container()).toMatchObject({ allocatedResources: { memory: '300Mi' }, resources: resources('100Mi') });
  expect(web.condition('PodResizeInProgress')).toMatchObject({ status: 'True', observedGeneration: 3 });
  await web.clock.advance(seconds(1));
  expect(web.container()).toMatchObject({ restartCount: 0, resources: resources('300Mi') });
  expect(web.condition('PodResizeInProgress')).toBeUndefined();
  const summary =
    '{"containers":[{"name":"c","resources":{"limits":{"memory":"300Mi"},"requests":{"memory":"300Mi"}}}],"generation":3}';
  expect(web.events.slice(-2)).toEqual([
    `ResizeStarted: Pod resize started: ${summary}`,
    `ResizeCompleted: Pod resize completed: ${summary}`,
  ]);
  await web.clock.advance(minutes(20));
  expect(web.container()?.restartCount).toBe(0);
  await web.clock.advance(minutes(5));
  expect(web.container()).toMatchObject({ restartCount: 1, lastState: { terminated: { reason: 'OOMKilled' } } });
});

test('a container that wants so is restarted for a resize', async () => {
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' as const }];
  const web = node({
    spec: {
      restartPolicy: 'OnFailure',
      containers: [container({ resizePolicy, resources: resources('100Mi'), stdin: true })],
    },
  });
  await web.clock.advance(seconds(10));
  web.change((draft) => {
    draft.spec.containers = [container({ resizePolicy, resources: resources('200Mi'), stdin: true })];
  });
  await web.clock.advance(seconds(40));
  expect(web.events).toContain('Killing: Container c resize requires restart');
  expect(web.container()).toMatchObject({ ready: true, restartCount: 1, resources: resources('200Mi') });
  expect(web.events.at(-1)).toMatch(/^ResizeCompleted: /);
});

test('a resize the node has no room for is deferred; taken back, it is forgotten', async () => {
  const refusal = {
    reason: 'OutOfmemory',
    message: "Node didn't have enough resource: memory, requested: 2, used: 1, capacity: 2",
  };
  const web = node({ spec: { containers: [container({ resources: resources('100Mi') })] }, refusal: () => refusal });
  await web.clock.advance(seconds(10));
  web.change((draft) => {
    draft.metadata.generation = 2;
    draft.spec.containers = [container({ resources: resources('1Gi') })];
  });
  await web.clock.advance(seconds(1));
  expect(web.condition('PodResizePending')).toMatchObject({
    status: 'True',
    reason: 'Deferred',
    message: refusal.message,
    observedGeneration: 2,
  });
  expect(web.container()).toMatchObject({ allocatedResources: { memory: '100Mi' }, resources: resources('100Mi') });
  expect(web.events.filter((event) => event.startsWith('Resize'))).toEqual([
    `ResizeDeferred: Pod resize Deferred: {"containers":[{"name":"c","resources":{"limits":{"memory":"1Gi"},"requests":{"memory":"1Gi"}}}],"generation":2,"error":"${refusal.message}"}`,
  ]);
  web.change((draft) => {
    draft.spec.containers = [container({ resources: resources('100Mi') })];
  });
  await web.clock.advance(seconds(1));
  expect(web.condition('PodResizePending')).toBeUndefined();
});

test('an ephemeral container is started in a running pod and not again', async () => {
  const web = node({ spec: { containers: [container()] } });
  await web.clock.advance(seconds(10));
  web.change((draft) => {
    draft.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox', command: ['sh', '-c', 'sleep 5; exit 3'] }];
  });
  await web.clock.advance(minutes(2));
  expect(web.status().ephemeralContainerStatuses).toMatchObject([
    { name: 'debug', ready: false, restartCount: 0, state: { terminated: { exitCode: 3, reason: 'Error' } } },
  ]);
  expect(web.condition('Ready')?.status).toBe('True');
});

test('a container whose rule says so makes all begin anew, init containers first', async () => {
  const restartPolicyRules = [
    { action: 'RestartAllContainers' as const, exitCodes: { operator: 'In' as const, values: [88] } },
  ];
  const web = node({
    spec: {
      restartPolicy: 'Never',
      initContainers: [container({ name: 'init', command: ['true'] })],
      containers: [
        container({ restartPolicy: 'Never', restartPolicyRules, stdin: true }),
        container({ name: 'other', stdin: true }),
      ],
    },
    annotations: { 'portolan.dev/behavior.c': 'exit 88 after 20s' },
  });
  await web.clock.advance(seconds(15));
  expect(web.condition('AllContainersRestarting')).toMatchObject({ status: 'False' });
  await web.clock.advance(seconds(20));
  for (const name of ['init', 'c', 'other'])
    expect(web.container(name)).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } },
    });
  expect(web.phases).toEqual(['Pending', 'Running']);
  expect(web.events.filter((event) => event.startsWith('Killing'))).toEqual(['Killing: killing']);
  const begun = (name: string) => web.container(name)?.state?.running?.startedAt ?? '';
  const ended = web.container('init')?.state?.terminated?.finishedAt ?? '~';
  expect(ended <= begun('c') && ended <= begun('other')).toBe(true);
  expect(web.condition('Ready')?.status).toBe('True');
});

test('the same seed gives the same run', async () => {
  const runs = await Promise.all(
    [1, 1, 2].map(async (seed) => {
      const web = node(
        { spec: { containers: [container()] }, annotations: { 'portolan.dev/behavior': 'crash-loop' } },
        seed,
      );
      await web.clock.advance(minutes(10));
      return JSON.stringify([web.status(), web.events]);
    }),
  );
  expect(runs[0]).toBe(runs[1]);
  expect(runs[0]).not.toBe(runs[2]);
});

test('whatever a pod does and whenever it is deleted, it goes, with a final status and nothing left behind', async () => {
  const behavior = fc.constantFrom(
    '',
    'crash-loop',
    'pull-error',
    'exit 0 after 7s',
    'slow-start 20s',
    'hang after 15s',
    'stop after 9s',
    'leak 1Gi/s',
  );
  const restartPolicy = fc.constantFrom('Always' as const, 'OnFailure' as const, 'Never' as const);
  const life = fc.record({
    behaviors: fc.tuple(behavior, behavior),
    restartPolicy,
    sidecar: fc.boolean(),
    probed: fc.boolean(),
    deletedAfter: fc.integer({ min: 0, max: 90_000 }),
    grace: fc.constantFrom(0, 1, 5, 30),
    seed: fc.integer({ min: 0, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(life, async ({ behaviors, restartPolicy, sidecar, probed, deletedAfter, grace, seed }) => {
      const probe = { httpGet: { port: 80 }, periodSeconds: 3, failureThreshold: 2 };
      const web = node(
        {
          spec: {
            restartPolicy,
            ...(sidecar && { initContainers: [container({ name: 'side', restartPolicy: 'Always' })] }),
            containers: [
              container({
                ...(probed && { livenessProbe: probe, readinessProbe: probe }),
                resources: { limits: { memory: '1Gi' } },
              }),
              container({ name: 'd' }),
            ],
          },
          annotations: { 'portolan.dev/behavior.c': behaviors[0], 'portolan.dev/behavior.d': behaviors[1] },
        },
        seed,
      );
      await web.clock.advance(deletedAfter);
      web.delete(grace);
      await web.clock.advance(seconds(grace + 40));
      expect(web.deleted()).toBe(true);
      expect(['Succeeded', 'Failed']).toContain(web.status().phase);
      for (const name of ['c', 'd', 'side']) expect(web.container(name)?.state?.running).toBeUndefined();
      expect(web.clock.pending()).toBe(0);
    }),
    { seed: 1, numRuns: 150 },
  );
});
