// Takes away what random requests have made, so that what a server keeps of it shows: all objects but those that were there before.

import type { BenchCluster } from '../../bench/cluster.ts';
import { namespaces } from './requests.ts';

interface Resource {
  readonly path: string;
  readonly name: string;
}

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
  };
}

/** Remembers what there is now; the function it gives takes away everything else. */
export async function cleaner(cluster: BenchCluster): Promise<() => Promise<void>> {
  const kept = new Set<string>();
  for (const resource of await resources(cluster)) {
    for (const { metadata } of await listed(cluster, resource)) kept.add(metadata.uid);
  }
  return async () => {
    // Policies and definitions first: they decide about what is left.
    for (const resource of await resources(cluster)) {
      for (const each of await listed(cluster, resource)) {
        if (!kept.has(each.metadata.uid)) await remove(cluster, resource, each);
      }
    }
    for (const name of namespaces) {
      await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } }).catch(() => {});
    }
  };
}

async function resources(cluster: BenchCluster): Promise<Resource[]> {
  const { groups } = await cluster.call<{ groups: { preferredVersion: { groupVersion: string } }[] }>('GET', '/apis');
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const found: Resource[] = [];
  for (const root of roots) {
    const list = await cluster
      .call<{ resources: { name: string; verbs: string[] }[] }>('GET', root)
      .catch(() => ({ resources: [] }));
    for (const { name, verbs } of list.resources) {
      if (verbs.includes('list') && verbs.includes('delete')) found.push({ path: root, name });
    }
  }
  const first = /^(validating|mutating)|customresourcedefinitions/;
  const last = /^namespaces$/;
  const rank = ({ name }: Resource) => (first.test(name) ? 0 : last.test(name) ? 2 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}

const listed = async (cluster: BenchCluster, { path, name }: Resource): Promise<readonly Listed[]> =>
  (await cluster.call<{ items: Listed[] }>('GET', `${path}/${name}`).catch(() => ({ items: [] }))).items;

async function remove(cluster: BenchCluster, { path, name: plural }: Resource, { metadata }: Listed): Promise<void> {
  const { name, namespace } = metadata;
  const place = namespace ? `${path}/namespaces/${namespace}/${plural}` : `${path}/${plural}`;
  const url = `${place}/${encodeURIComponent(name)}`;
  const ignored = () => {};
  await cluster.call('DELETE', url, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 }).catch(ignored);
  const left = await cluster.call<Listed>('GET', url).catch(() => undefined);
  if (!left) return;
  if (plural === 'namespaces') {
    await cluster.call('PUT', `${url}/finalize`, { ...left, spec: { finalizers: [] } }).catch(ignored);
  }
  if (!left.metadata.finalizers?.length) return;
  await cluster.call('PUT', url, { ...left, metadata: { ...left.metadata, finalizers: [] } }).catch(ignored);
}
