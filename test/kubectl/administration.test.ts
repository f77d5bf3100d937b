// kubectl for those who look after a cluster: nodes, access, certificates; and what is not modelled says so.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, type TestCluster, testCluster } from '../support/cluster.ts';

let cluster: TestCluster;
const kubectl = (args: string | readonly string[], input = ''): Promise<string> => cluster.kubectl(args, { input });
const refused = (args: string | readonly string[]) => cluster.tryKubectl(args);

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.down());

describe('nodes', () => {
  test('cordon keeps new pods away, uncordon lets them in', async () => {
    expect(await kubectl('cordon n1 n2')).toBe('node/n1 cordoned\nnode/n2 cordoned\n');
    expect(await kubectl('get nodes')).toMatch(/^n1 +Ready,SchedulingDisabled /m);
    await kubectl('create deployment kept --image=nginx --replicas=3');
    await kubectl('wait --for=condition=Available deployment/kept --timeout=60s');
    expect(await kubectl('get pods -o jsonpath={.items[*].spec.nodeName}')).toBe('n3 n3 n3');
    expect(await kubectl('uncordon n1 n2')).toBe('node/n1 uncordoned\nnode/n2 uncordoned\n');
  });

  test('drain evicts one by one within a disruption budget, and leaves daemon pods', async () => {
    await kubectl('create poddisruptionbudget kept --selector=app=kept --min-available=2');
    await kubectl('wait --for=jsonpath={.status.disruptionsAllowed}=1 pdb/kept --timeout=20s');
    await kubectl(
      'apply -f -',
      'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: agent }\nspec: { selector: { matchLabels: { app: agent } }, template: { metadata: { labels: { app: agent } }, spec: { containers: [{ name: c, image: a }] } } }',
    );
    await kubectl('rollout status daemonset/agent --timeout=60s');
    expect((await refused('drain n3 --timeout=2s')).stderr).toContain('cannot delete DaemonSet-managed Pods');
    const { code, stdout, stderr } = await cluster.tryKubectl('drain n3 --ignore-daemonsets --timeout=60s');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^node\/n3 drained$/m);
    expect(stdout.match(/^pod\/kept-[a-z0-9-]+ evicted$/gm)).toHaveLength(3);
    expect(stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    expect(await kubectl('get pods --field-selector=spec.nodeName=n3 -o name')).toMatch(/^pod\/agent-[a-z0-9]+\n$/);
    await kubectl('uncordon n3');
  }, 60_000);

  test('drain is held up for as long as a budget allows nothing, and goes on once it does', async () => {
    await kubectl('delete pdb kept');
    await kubectl('create deployment held --image=nginx');
    await kubectl('wait --for=condition=Available deployment/held --timeout=30s');
    await kubectl('create poddisruptionbudget held --selector=app=held --min-available=1');
    await kubectl('wait --for=jsonpath={.status.currentHealthy}=1 pdb/held --timeout=20s');
    const [pod = '', node = ''] = (
      await kubectl('get pods -l app=held -o jsonpath={.items[0].metadata.name},{.items[0].spec.nodeName}')
    ).split(',');
    const blocked = await refused(`drain ${node} --ignore-daemonsets --timeout=7s`);
    expect(blocked.code).toBe(1);
    expect(blocked.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    expect(blocked.stderr).toContain('global timeout reached: 7s');
    expect(await kubectl(`get pod ${pod} -o jsonpath={.metadata.deletionTimestamp}`)).toBe('');

    const draining = kubectl(`drain ${node} --ignore-daemonsets --timeout=60s`);
    await kubectl('scale deployment/held --replicas=2');
    await kubectl('wait --for=jsonpath={.status.disruptionsAllowed}=1 pdb/held --timeout=30s');
    expect(await draining).toContain(`pod/${pod} evicted`);
    await kubectl('delete deployment/held pdb/held');
    await kubectl(`uncordon ${node}`);
  }, 90_000);

  test('drain asks for --force where nothing would bring a pod back', async () => {
    await kubectl(['run', 'single', '--image=nginx', '--overrides={"spec":{"nodeName":"n2"}}']);
    await kubectl('wait --for=condition=Ready pod/single --timeout=30s');
    expect((await refused('drain n2 --ignore-daemonsets')).stderr).toContain(
      'cannot delete Pods that declare no controller (use --force to override): default/single',
    );
    expect(await kubectl('drain n2 --ignore-daemonsets --force --timeout=60s')).toMatch(/^pod\/single evicted$/m);
    await kubectl('uncordon n2');
  }, 60_000);

  test('taint drives away what does not tolerate it', async () => {
    await kubectl(['run', 'touchy', '--image=nginx', '--overrides={"spec":{"nodeName":"n1"}}']);
    await kubectl('wait --for=condition=Ready pod/touchy --timeout=30s');
    expect(await kubectl('taint node n1 broken=yes:NoExecute')).toBe('node/n1 tainted\n');
    await kubectl('wait --for=delete pod/touchy --timeout=30s');
    expect(await kubectl('describe node n1')).toMatch(/^Taints: +broken=yes:NoExecute$/m);
    expect((await refused('taint node n1 broken=no:NoExecute')).stderr).toContain(
      'already has broken taint(s) with same effect(s) and --overwrite is false',
    );
    expect(await kubectl('taint node n1 broken-')).toBe('node/n1 untainted\n');
  });

  test('a node can be labeled, and a pod can ask for it', async () => {
    expect(await kubectl('label node n2 disk=ssd')).toBe('node/n2 labeled\n');
    await kubectl(['run', 'choosy', '--image=nginx', '--overrides={"spec":{"nodeSelector":{"disk":"ssd"}}}']);
    await kubectl('wait --for=condition=Ready pod/choosy --timeout=30s');
    expect(await kubectl('get pod choosy -o jsonpath={.spec.nodeName}')).toBe('n2');
  });
});

describe('access', () => {
  test('whoami and can-i of the administrator', async () => {
    expect(await kubectl('auth whoami')).toMatch(
      /^Username +kubernetes-admin\nGroups +\[system:masters system:authenticated\]$/m,
    );
    expect(await kubectl('auth can-i create deployments')).toBe('yes\n');
    expect(await kubectl('auth can-i --list')).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m);
  });

  test('a user may what roles bound to it say, and nothing else', async () => {
    await kubectl('create role reader --verb=get,list,watch --resource=pods');
    await kubectl('create rolebinding reader --role=reader --user=alice');
    expect(await kubectl('auth can-i list pods --as=alice')).toBe('yes\n');
    expect(await refused('auth can-i delete pods --as=alice')).toMatchObject({ code: 1, stdout: 'no\n' });
    expect(await refused('auth can-i list pods -n kube-system --as=alice')).toMatchObject({ code: 1, stdout: 'no\n' });
    expect(await kubectl('auth can-i --list --as=alice')).toMatch(/^pods +\[\] +\[\] +\[get list watch\]$/m);
    expect(await kubectl('get pods --as=alice -o name')).toContain('pod/');
    expect((await refused('get secrets --as=alice')).stderr).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "alice" cannot list resource "secrets" in API group "" in the namespace "default"\n',
    );
  });

  test('the roles everybody knows are there', async () => {
    const roles = await kubectl('get clusterroles -o name');
    for (const name of ['admin', 'edit', 'view', 'cluster-admin', 'system:node', 'system:basic-user'])
      expect(roles).toContain(`clusterrole.rbac.authorization.k8s.io/${name}\n`);
    await kubectl('create rolebinding viewer --clusterrole=view --user=bob');
    expect(await kubectl('auth can-i list deployments --as=bob')).toBe('yes\n');
    expect(await refused('auth can-i list secrets --as=bob')).toMatchObject({ code: 1, stdout: 'no\n' });
  });

  test('a token of a service account opens the door to what the account may', async () => {
    await kubectl('create serviceaccount robot');
    await kubectl('create rolebinding robot --role=reader --serviceaccount=default:robot');
    const token = (await kubectl('create token robot --duration=1h')).trim();
    expect(token.split('.')).toHaveLength(3);
    const url = await kubectl('config view -o jsonpath={.clusters[0].cluster.server}');
    const robot = (args: string) =>
      cluster.tryKubectl([
        '--kubeconfig=/dev/null',
        `--server=${url}`,
        '--insecure-skip-tls-verify',
        `--token=${token}`,
        ...args.split(' '),
      ]);
    expect((await robot('auth whoami')).stdout).toMatch(/^Username +system:serviceaccount:default:robot$/m);
    expect(await robot('get pods')).toMatchObject({ code: 0 });
    expect((await robot('get secrets')).stderr).toContain(
      'User "system:serviceaccount:default:robot" cannot list resource "secrets"',
    );
    const stranger = await cluster.tryKubectl([
      '--kubeconfig=/dev/null',
      `--server=${url}`,
      '--insecure-skip-tls-verify',
      '--token=wrong',
      'get',
      'pods',
    ]);
    expect(stranger.stderr).toMatch(/You must be logged in to the server/);
  });

  test('a certificate request is approved, and the certificate names its user', async () => {
    const key = await run(
      'openssl',
      ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=carol'],
      { env: cluster.env },
    );
    const request = Buffer.from(key.stdout).toString('base64');
    const csr = (name: string) =>
      `apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: { name: ${name} }\nspec: { request: ${request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }`;
    await kubectl('apply -f -', csr('carol'));
    expect(await kubectl('get csr carol --no-headers')).toMatch(
      /^carol +\S+ +kubernetes\.io\/kube-apiserver-client +kubernetes-admin +<none> +Pending$/m,
    );
    expect(await kubectl('certificate approve carol')).toBe(
      'certificatesigningrequest.certificates.k8s.io/carol approved\n',
    );
    await kubectl('wait --for=jsonpath={.status.certificate} csr/carol --timeout=20s');
    expect(await kubectl('get csr carol --no-headers')).toMatch(/Approved,Issued$/m);
    await kubectl('apply -f -', csr('denied'));
    expect(await kubectl('certificate deny denied')).toBe(
      'certificatesigningrequest.certificates.k8s.io/denied denied\n',
    );
    expect(await kubectl('get csr denied --no-headers')).toMatch(/Denied$/m);
  });
});
