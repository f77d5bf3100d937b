// kubectl where it speaks with containers: commands, files, ports, proxies, and what they use. Each version, over WebSocket and over SPDY.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kubectlOf, type KubectlVersion, kubectlVersions } from '../support/clients.ts';
import { type TestCluster, testCluster } from '../support/cluster.ts';

/** Many clients start at a time here, and each takes seconds on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });
const patient = { timeout: 30_000 };

let cluster: TestCluster;
let folder: string;

const pods = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue }
---
apiVersion: v1
kind: Secret
metadata: { name: hidden }
stringData: { word: sesame }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers:
    - name: web
      image: nginx
      ports: [{ name: http, containerPort: 80 }]
      env: [{ name: GREETING, value: hello }]
      resources: { requests: { cpu: 500m, memory: 128Mi } }
      volumeMounts:
        - { name: settings, mountPath: /etc/settings }
        - { name: hidden, mountPath: /etc/hidden }
  volumes:
    - { name: settings, configMap: { name: settings } }
    - { name: hidden, secret: { secretName: hidden } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 8080, targetPort: http }] }
`;

const carriers = [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
] as const;
/** The oldest and the newest; those between speak as the newest does. */
const everyWay = (['31', '35'] as const).flatMap((version) =>
  carriers.map(([carrier, env]) => ({ version, carrier, env })),
);

beforeAll(async () => {
  cluster = await testCluster(['--nodes', '1', '--store', 'memory']);
  folder = mkdtempSync(join(cluster.home, 'files-'));
  await cluster.kubectl('apply -f -', { input: pods });
  await cluster.kubectl('wait --for=condition=Ready pod/web --timeout=60s');
});
afterAll(async () => {
  await cluster.down();
  rmSync(folder, { recursive: true, force: true });
});

describe.concurrent.each(everyWay)('kubectl 1.$version over $carrier', ({ version, carrier, env }) => {
  const given = { version, env } as const;
  const kubectl = (args: string | readonly string[], input = '') => cluster.tryKubectl(args, { ...given, input });

  test('exec runs a command and tells its output, its mistakes and its exit code', async () => {
    expect(await kubectl('exec web -- cat /etc/settings/color /etc/hidden/word')).toMatchObject({
      code: 0,
      stdout: 'bluesesame',
    });
    const failed = await kubectl(['exec', 'web', '--', 'sh', '-c', 'echo $GREETING; echo oh >&2; exit 3']);
    expect(failed).toMatchObject({ code: 3, stdout: 'hello\n' });
    expect(failed.stderr).toBe('oh\ncommand terminated with exit code 3\n');
  });

  test('exec hands stdin over, to its end', async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at}\n`).join('');
    expect(await kubectl('exec -i web -- wc -l', lines)).toMatchObject({ code: 0, stdout: '20000\n' });
    expect(await kubectl('exec -i web -- cat', lines)).toMatchObject({ code: 0, stdout: lines });
  });

  test('a command that is not there cannot be executed', async () => {
    const { code, stderr } = await kubectl('exec web -- nosuch');
    expect(code).toBe(1);
    const twice = carrier === 'WebSocket' ? 'Internal error occurred: ' : '';
    expect(stderr).toMatch(
      new RegExp(
        `^error: ${twice}Internal error occurred: error executing command in container: .*OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in \\$PATH`,
        'm',
      ),
    );
  });

  test('cp brings files there and back', async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >> 7)) & 255));
    const [there, back] = [join(folder, `there-${version}-${carrier}`), join(folder, `back-${version}-${carrier}`)];
    const remote = `web:/tmp/file-${version}-${carrier}`;
    writeFileSync(there, content);
    expect(await kubectl(['cp', there, remote])).toMatchObject({ code: 0 });
    expect(await kubectl(['cp', remote, back])).toMatchObject({ code: 0 });
    expect(readFileSync(back).equals(content)).toBe(true);
  });

  test('port-forward reaches what a container serves, and tells what does not listen', async () => {
    const forwarded = await forwarding(given, 'pod/web', 80);
    for (const path of ['/one', '/two']) {
      const answer = await fetch(`http://127.0.0.1:${forwarded.port}${path}`);
      expect(await answer.text()).toMatch(
        new RegExp(`^pod default/web, container web, image nginx, port 80\nGET ${path}\n`),
      );
    }
    await forwarded.stop();
    const refused = await forwarding(given, 'pod/web', 81);
    await expect(fetch(`http://127.0.0.1:${refused.port}/`)).rejects.toThrow('fetch failed');
    await expect.poll(refused.said, patient).toMatch(/error forwarding port 81 to pod \S+, uid : .*connection refused/);
    await refused.stop();
  });

  test('attach to a program that reads', async () => {
    const name = `reader-${version}-${carrier.toLowerCase()}`;
    const { code, stdout, stderr } = await kubectl(
      ['run', name, '-i', '--rm', '--restart=Never', '--image=busybox', '--', 'sh'],
      'echo got it; exit 4\n',
    );
    expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: expect.stringContaining('got it\n') });
  });
});

interface Forwarding {
  readonly port: number;
  said(): string;
  stop(): Promise<void>;
}

async function forwarding(
  { version, env }: { readonly version: KubectlVersion; readonly env: object },
  target: string,
  port: number,
): Promise<Forwarding> {
  const child: ChildProcess = spawn(kubectlOf(version), ['port-forward', target, `:${port}`], {
    env: { ...cluster.env, ...env },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const local = await expect
    .poll(() => /127\.0\.0\.1:(\d+) -> /.exec(said)?.[1], patient)
    .toBeDefined()
    .then(() => Number(/127\.0\.0\.1:(\d+) -> /.exec(said)?.[1]));
  return {
    port: local,
    said: () => said,
    stop: () =>
      new Promise((resolve) => {
        // Some versions end by themselves once a connection could not be forwarded.
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

test('get alone is not enough to run commands', async () => {
  await cluster.kubectl('create role looker --verb=get --resource=pods,pods/exec');
  await cluster.kubectl('create rolebinding looker --role=looker --user=alice');
  const refused = await cluster.tryKubectl('exec web --as=alice -- echo hi');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^Error from server \(Forbidden\): pods "web" is forbidden: /);
  await cluster.kubectl('create role runner --verb=create --resource=pods/exec');
  await cluster.kubectl('create rolebinding runner --role=runner --user=alice');
  expect(await cluster.kubectl('exec web --as=alice -- echo hi')).toBe('hi\n');
});

test('a plain request for a command is told to ask for an upgrade', async () => {
  const path = '/api/v1/namespaces/default/pods/web/exec?command=ls&stdout=true';
  expect((await cluster.tryKubectl(['get', '--raw', path])).stderr).toContain('Upgrade request required');
});

test('the proxy hands requests on to pods, services and nodes', async () => {
  const raw = (path: string) => cluster.kubectl(['get', '--raw', `/api/v1/${path}`]);
  const page = /^pod default\/web, container web, image nginx, port 80\nGET \/a\?b=c\n/;
  expect(await raw('namespaces/default/pods/web/proxy/a?b=c')).toMatch(page);
  expect(await raw('namespaces/default/pods/http:web:80/proxy/a?b=c')).toMatch(page);
  expect(await raw('namespaces/default/services/web/proxy/a?b=c')).toMatch(page);
  expect(await raw('namespaces/default/services/web:8080/proxy/a?b=c')).toMatch(page);
  expect(await raw('nodes/n1/proxy/healthz')).toBe('ok');
  expect(await raw('nodes/n1/proxy/metrics/resource')).toMatch(
    /^container_memory_working_set_bytes\{container="web",namespace="default",pod="web"\} 6\.7108864e\+07$/m,
  );
  const refused = async (path: string) => (await cluster.tryKubectl(['get', '--raw', `/api/v1/${path}`])).stderr;
  expect(await refused('namespaces/default/pods/web:81/proxy/')).toMatch(
    /error trying to reach service: dial tcp 10\.244\.\d+\.\d+:81: connect: connection refused/,
  );
  expect(await refused('namespaces/default/services/web:9/proxy/')).toContain(
    'no service port 9 found for service "web"',
  );
});

test('kubectl proxy serves the API on a local port', async () => {
  const port = await freePort();
  const child = spawn(kubectlOf('35'), ['proxy', `--port=${port}`], { env: cluster.env });
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/version`).then(
          (answer) => answer.ok,
          () => false,
        ),
      patient,
    )
    .toBe(true);
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/pods/web/proxy`, { method: 'GET' });
  expect(await answer.text()).toMatch(/^pod default\/web, /);
  child.kill();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

test.concurrent.each(kubectlVersions)(
  'kubectl 1.%s runs a command, and its top shows what nodes and pods use',
  async (version) => {
    const kubectl = (args: string) => cluster.kubectl(args, { version });
    expect(await kubectl('exec web -- hostname')).toBe('web\n');
    expect(await kubectl('top pod web')).toMatch(/^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nweb +\d+m +64Mi *\n$/);
    expect(await kubectl('top node')).toMatch(/^n1 +\d+m +\d+% +\d+Mi +\d+% *$/m);
    expect((await cluster.tryKubectl('top pod none', { version })).stderr).toContain(
      'podmetrics.metrics.k8s.io "default/none" not found',
    );
  },
);

test('/metrics counts what was asked', async () => {
  const count = async () => {
    const text = await cluster.kubectl('get --raw /metrics');
    const labels =
      'code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="GET",version="v1"';
    expect(text).toMatch(/^# TYPE apiserver_request_duration_seconds histogram$/m);
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`apiserver_request_total{${labels}}`))
        ?.split(' ')[1] ?? 0,
    );
  };
  const before = await count();
  await cluster.kubectl('get configmap settings');
  expect(await count()).toBe(before + 1);
});
