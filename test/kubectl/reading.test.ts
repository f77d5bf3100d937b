// kubectl as a reader: get in all its forms, describe, explain, and what the server says about itself.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCluster, testCluster } from '../support/cluster.ts';

let cluster: TestCluster;
const kubectl = (args: string | readonly string[]): Promise<string> => cluster.kubectl(args);

const everything = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: nginx, image: "nginx:1.27", resources: { requests: { cpu: 100m, memory: 64Mi } } }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: postgres, image: postgres }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { containers: [{ name: agent, image: agent }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once }
spec:
  template:
    spec: { restartPolicy: Never, containers: [{ name: c, image: busybox, command: [echo, hi] }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: 0 3 * * *
  jobTemplate:
    spec:
      template:
        spec: { restartPolicy: Never, containers: [{ name: c, image: busybox }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { rules: [{ host: shop.example, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { storageClassName: "", accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { tier: a } }
data: { mode: fast }
---
apiVersion: v1
kind: Secret
metadata: { name: password }
stringData: { password: hunter2 }
`;

beforeAll(async () => {
  cluster = await testCluster();
  await cluster.kubectl('apply -f -', { input: everything });
  await cluster.kubectl('wait --for=condition=Available deployment/web --timeout=60s');
  await cluster.kubectl('wait --for=condition=Complete job/once --timeout=60s');
  await cluster.kubectl('rollout status statefulset/db --timeout=60s');
  await cluster.kubectl('rollout status daemonset/agent --timeout=60s');
});
afterAll(() => cluster.down());

/** The columns and the rows of a table, by name. */
function tableOf(text: string): { columns: string[]; rows: Map<string, string> } {
  const [head = '', ...rows] = text.trimEnd().split('\n');
  return {
    columns: head.split(/ {2,}|\s+$/).filter(Boolean),
    rows: new Map(rows.map((row) => [row.split(' ')[0] ?? '', row])),
  };
}

describe('get', () => {
  test.each([
    ['nodes', 'NAME STATUS ROLES AGE VERSION', 'n1'],
    ['deployments', 'NAME READY UP-TO-DATE AVAILABLE AGE', 'web'],
    ['statefulsets', 'NAME READY AGE', 'db'],
    ['daemonsets', 'NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE', 'agent'],
    ['jobs', 'NAME STATUS COMPLETIONS DURATION AGE', 'once'],
    ['cronjobs', 'NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST SCHEDULE AGE', 'nightly'],
    ['services', 'NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE', 'kubernetes'],
    ['ingresses', 'NAME CLASS HOSTS ADDRESS PORTS AGE', 'web'],
    [
      'persistentvolumeclaims',
      'NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE',
      'data',
    ],
    ['poddisruptionbudgets', 'NAME MIN AVAILABLE MAX UNAVAILABLE ALLOWED DISRUPTIONS AGE', 'web'],
    ['configmaps', 'NAME DATA AGE', 'kube-root-ca.crt'],
    ['secrets', 'NAME TYPE DATA AGE', 'password'],
    ['serviceaccounts', 'NAME AGE', 'default'],
    ['namespaces', 'NAME STATUS AGE', 'kube-system'],
    ['endpointslices', 'NAME ADDRESSTYPE PORTS ENDPOINTS AGE', 'kubernetes'],
  ])('%s has the columns %s', async (kind, columns, name) => {
    const table = tableOf(await kubectl(`get ${kind}`));
    expect(table.columns.join(' ')).toBe(columns);
    expect([...table.rows.keys()]).toContain(name);
  });

  test('-o wide says more', async () => {
    expect(tableOf(await kubectl('get pods -l app=web -o wide')).columns.slice(5)).toEqual([
      'IP',
      'NODE',
      'NOMINATED NODE',
      'READINESS GATES',
    ]);
    expect(tableOf(await kubectl('get deployment web -o wide')).rows.get('web')).toMatch(
      /nginx +nginx:1\.27 +app=web$/,
    );
    expect(tableOf(await kubectl('get nodes -o wide')).rows.get('n2')).toMatch(/Portolan \(simulated\)/);
  });

  test('-o yaml and -o json give the whole object, name and custom forms the chosen part', async () => {
    expect(await kubectl('get configmap settings -o yaml')).toMatch(
      /^apiVersion: v1\ndata:\n {2}mode: fast\nkind: ConfigMap\nmetadata:\n/,
    );
    expect(JSON.parse(await kubectl('get deployment web -o json'))).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: { strategy: { type: 'RollingUpdate' }, progressDeadlineSeconds: 600 },
      status: { readyReplicas: 2 },
    });
    expect(await kubectl('get pods -l app=web -o name')).toMatch(/^(pod\/web-[a-z0-9]+-[a-z0-9]+\n){2}$/);
    expect(await kubectl('get secret password -o jsonpath={.data.password}')).toBe('aHVudGVyMg==');
    expect(await kubectl(['get', 'nodes', '-o', 'jsonpath={range .items[*]}{.metadata.name} {end}'])).toBe('n1 n2 n3 ');
    expect(
      await kubectl(
        'get deployments -o custom-columns=WHO:.metadata.name,IMAGE:.spec.template.spec.containers[0].image',
      ),
    ).toMatch(/^WHO +IMAGE\nweb +nginx:1\.27\n$/);
    expect(await kubectl(['get', 'deployment', 'web', '-o', 'go-template={{.spec.replicas}}'])).toBe('2');
    expect(await kubectl('get pods --no-headers -l app=db')).toMatch(/^db-0 +1\/1 +Running/);
  });

  test('selectors, sorting, labels and all namespaces', async () => {
    expect(await kubectl('get configmaps -l tier=a -o name')).toBe('configmap/settings\n');
    expect(await kubectl(['get', 'pods', '-l', 'app in (db),app!=web', '-o', 'name'])).toBe('pod/db-0\n');
    expect(await kubectl('get pods --field-selector=status.phase=Succeeded -o name')).toMatch(
      /^pod\/once-[a-z0-9]+\n$/,
    );
    expect(await kubectl('get pods --field-selector=spec.nodeName=n1,metadata.namespace=default -o name')).toMatch(
      /pod\/agent-/,
    );
    expect((await kubectl('get nodes --sort-by={.metadata.name} -o name')).split('\n')).toEqual([
      'node/n1',
      'node/n2',
      'node/n3',
      '',
    ]);
    expect(await kubectl('get node n2 --show-labels')).toMatch(/topology\.kubernetes\.io\/zone=b/);
    expect(tableOf(await kubectl('get nodes -L topology.kubernetes.io/zone')).rows.get('n3')).toMatch(/ c$/);
    expect(tableOf(await kubectl('get services -A')).columns.slice(0, 2)).toEqual(['NAMESPACE', 'NAME']);
    expect(await kubectl('get deployment/web service/web')).toMatch(/^deployment\.apps\/web .*[^]*^service\/web /m);
    expect(await kubectl('get all')).toMatch(
      /^pod\/db-0 [^]*^service\/web [^]*^daemonset\.apps\/agent [^]*^deployment\.apps\/web [^]*^replicaset\.apps\/web-[^]*^statefulset\.apps\/db [^]*^cronjob\.batch\/nightly [^]*^job\.batch\/once /m,
    );
    expect(await kubectl('get deployment web --subresource=scale -o jsonpath={.spec.replicas}')).toBe('2');
  });

  test('--watch shows a change when it happens', async () => {
    const watching = cluster.tryKubectl('get configmaps -l watched=yes -w --output-watch-events --request-timeout=6s');
    await kubectl('create configmap seen');
    await kubectl('label configmap seen watched=yes');
    await kubectl('annotate configmap seen note=changed');
    await kubectl('delete configmap seen');
    const events = (await watching).stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ +/).slice(0, 2).join(' '));
    expect(events).toEqual(['EVENT NAME', 'ADDED seen', 'MODIFIED seen', 'DELETED seen']);
  });

  test('--chunk-size pages through a list without losing anything', async () => {
    const whole = await kubectl('get pods -A -o name');
    expect(await kubectl('get pods -A -o name --chunk-size=2')).toBe(whole);
  });

  test('what is not there is told by name', async () => {
    expect(await cluster.tryKubectl('get pod nope')).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): pods "nope" not found\n',
    });
    expect(await cluster.tryKubectl('get nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`doesn't have a resource type "nonsense"`),
    });
    expect(await cluster.tryKubectl('get limitranges')).toMatchObject({
      code: 0,
      stderr: 'No resources found in default namespace.\n',
    });
  });
});

describe('describe', () => {
  test.each([
    [
      'node n1',
      [
        /^Name: +n1$/m,
        /^ {2}Ready +True .*KubeletReady/m,
        /^Allocatable:$/m,
        /^Non-terminated Pods: +\(\d+ in total\)$/m,
        /^ {2}default +agent-/m,
      ],
    ],
    [
      'pod -l app=web',
      [
        /^Node: +n\d\/172\.18\.0\.\d+$/m,
        /^Status: +Running$/m,
        /^Controlled By: +ReplicaSet\/web-/m,
        /^QoS Class: +Burstable$/m,
        /Started +\S+ +kubelet/,
      ],
    ],
    [
      'deployment web',
      [/^NewReplicaSet: +web-[a-z0-9]+ \(2\/2 replicas created\)$/m, /Scaled up replica set web-[a-z0-9]+ from 0 to 2/],
    ],
    [
      'replicaset -l app=web',
      [/^Controlled By: +Deployment\/web$/m, /^Pods Status: +2 Running/m, /(Created pod: web-[^]*){2}/],
    ],
    ['statefulset db', [/^Replicas: +1 desired \| 1 total$/m, /Create Pod db-0 in StatefulSet db successful/]],
    ['daemonset agent', [/^Desired Number of Nodes Scheduled: 3$/m, /(Created pod: agent-[^]*){3}/]],
    ['service web', [/^Type: +ClusterIP$/m, /^Endpoints: +10\.244\.\d+\.\d+:80,10\.244\.\d+\.\d+:80$/m]],
    ['ingress web', [/^ {2}shop\.example/m, /web:80 \(10\.244\./]],
    ['job once', [/^Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed$/m, /Job completed/]],
    ['cronjob nightly', [/^Schedule: +0 3 \* \* \*$/m]],
    ['persistentvolumeclaim data', [/^Status: +Pending$/m]],
    ['poddisruptionbudget web', [/^ {4}Allowed disruptions: +1$/m]],
    ['configmap settings', [/^mode:\n----\nfast$/m]],
    ['secret password', [/^password: +7 bytes$/m]],
    ['serviceaccount default', [/^Name: +default$/m]],
    ['namespace default', [/^Status: +Active$/m, /No resource quota\./]],
    ['endpointslice -l kubernetes.io/service-name=web', [/^AddressType: +IPv4$/m, /Ready: +true/]],
  ])('%s', async (what, lines) => {
    const text = await kubectl(`describe ${what}`);
    for (const line of lines) expect(text).toMatch(line);
    expect(text).not.toMatch(/error/i);
  });
});

const boats = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: boats.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: boats, singular: boat, kind: Boat, listKind: Fleet, shortNames: [bo] }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          description: A boat floats.
          properties:
            spec:
              type: object
              required: [sails]
              properties:
                sails: { type: integer, description: How many., default: 1 }
                rig: { type: string, enum: [sloop, ketch] }
                crew: { type: array, items: { type: object, properties: { name: { type: string } } } }
                keel: { x-kubernetes-int-or-string: true }
`;

describe('explain', () => {
  test.each([
    'pod',
    'deployments.spec.strategy',
    'statefulset',
    'job.spec',
    'service.spec.ports',
    'ingress',
    'node.status',
    'pvc',
    'crd.spec',
    'hpa',
    'pdb',
    'networkpolicy',
    'storageclass',
    'role',
    'csr',
  ])('%s lists its fields', async (what) =>
    expect(await kubectl(`explain ${what}`)).toMatch(
      /^KIND: [^]*^VERSION: [^]*^DESCRIPTION:\n {4}\S[^]*^FIELDS:\n {2}\w+\t</m,
    ),
  );

  test('a field says its type and its text', async () => {
    const text = await kubectl('explain pod.spec.containers.image');
    expect(text).toMatch(/^FIELD: image <string>$/m);
    expect(text).toContain('Container image name.');
  });

  test('--recursive shows the tree, --api-version another one', async () => {
    expect(await kubectl('explain deployment --recursive')).toMatch(
      /^ {2}spec\t<DeploymentSpec>[^]*^ {10}image\t<string>/m,
    );
    expect(await kubectl('explain hpa --api-version=autoscaling/v1')).toMatch(/^VERSION: +v1$/m);
  });

  test('--recursive shows the tree of every kind there is', async () => {
    // The metrics API's kinds are not published yet.
    const all = (await kubectl('api-resources --no-headers')).trim().split('\n');
    const lines = all.filter((line) => !line.includes(' metrics.k8s.io/'));
    expect(lines.length).toBeGreaterThan(60);
    const odd: string[] = [];
    const next = async (): Promise<void> => {
      for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
        const words = line.split(/ +/);
        const [name = '', version = ''] = [words[0], words.at(-3)];
        const text = await kubectl(`explain ${name} --api-version=${version} --recursive`);
        const told = /^DESCRIPTION:\n {4}\S[^]*^FIELDS:\n[^]*^ {2}apiVersion\t<string>$/m.test(text);
        if (!told || /<no description>|unknown type/i.test(text)) odd.push(`${version} ${name}`);
      }
    };
    await Promise.all([next(), next(), next(), next()]);
    expect(odd).toEqual([]);
  }, 60_000);

  test('a custom kind says what its author said of it', async () => {
    await cluster.kubectl('apply -f -', { input: boats });
    await kubectl('wait --for=condition=Established crd/boats.example.com');
    const tree = await kubectl('explain boat --recursive');
    expect(tree).toMatch(/^KIND: +Boat\nVERSION: +v1\n\nDESCRIPTION:\n {4}A boat floats\.$/m);
    expect(tree).toMatch(
      /^ {2}spec\t<Object>\n {4}crew\t<\[\]Object>\n {6}name\t<string>\n {4}keel\t<Object>\n {4}rig\t<string>\n {4}enum: sloop, ketch\n {4}sails\t<integer> -required-$/m,
    );
    expect(await kubectl('explain bo.spec.sails')).toMatch(/^FIELD: sails <integer>\n+DESCRIPTION:\n {4}How many\.$/m);
  });

  test('a field that does not exist is told', async () => {
    expect(await cluster.tryKubectl('explain pod.spec.colour')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('field "colour" does not exist'),
    });
  });
});

test('api-resources and api-versions list what is served', async () => {
  const resources = await kubectl('api-resources');
  expect(resources).toMatch(/^pods +po +v1 +true +Pod$/m);
  expect(resources).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
  expect(await kubectl('api-resources --namespaced=false -o name')).not.toMatch(/^pods$/m);
  expect(await kubectl('api-resources --api-group=apps -o wide')).toMatch(
    /^statefulsets .* create,delete,deletecollection,get,list,patch,update,watch +all$/m,
  );
  expect(await kubectl('api-resources --verbs=list --sort-by=name -o name')).not.toMatch(/^bindings$/m);
  expect((await kubectl('api-versions')).split('\n')).toEqual(
    expect.arrayContaining(['apps/v1', 'autoscaling/v2', 'batch/v1', 'networking.k8s.io/v1', 'v1']),
  );
});

test('the cluster tells where and what it is', async () => {
  expect(await kubectl('cluster-info')).toMatch(
    /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/,
  );
  expect(JSON.parse(await kubectl('version -o json'))).toMatchObject({ serverVersion: { major: '1', minor: '36' } });
  expect(await kubectl('config current-context')).toBe('portolan-test\n');
  expect(await kubectl('config view')).toMatch(/certificate-authority-data: DATA\+OMITTED/);
  expect(await kubectl('get --raw /healthz')).toBe('ok');
  expect(await kubectl('get --raw /readyz?verbose')).toMatch(/^\[\+\]ping ok$[^]*readyz check passed$/m);
  expect(await kubectl('get componentstatuses')).toMatch(/^etcd-0 +Healthy +ok/m);
});
