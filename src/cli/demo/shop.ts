// Sending the shop, and looking at it.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAll } from 'js-yaml';
import { type Api, ApiFault } from '../api.ts';
import type { NodeView } from '../access.ts';
import { UserError } from '../errors.ts';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

export interface DeploymentView {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
  readonly status?: {
    readonly availableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly replicas?: number;
  };
}

export interface PodView {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

export const isReady = ({ status }: PodView): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** How long the shop may take to come up, in milliseconds. */
const patience = 60_000;

/** Sends every document of a file, as `kubectl apply --server-side` does. Gives how many there were. */
export async function apply(api: Api, file: string): Promise<number> {
  const manifests = loadAll(readFileSync(file, 'utf8')) as Manifest[];
  const resources = new Map<string, ResourceList>();
  for (const manifest of manifests) {
    const path = await pathOf(api, manifest, resources);
    await api.call('PATCH', `${path}?fieldManager=portolan-demo&force=true`, manifest, 'application/apply-patch+yaml');
  }
  return manifests.length;
}

async function pathOf(
  api: Api,
  { apiVersion, kind, metadata }: Manifest,
  known: Map<string, ResourceList>,
): Promise<string> {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const list = known.get(root) ?? (await api.call<ResourceList>('GET', root));
  known.set(root, list);
  const resource = list.resources.find((each) => each.kind === kind && !each.name.includes('/'));
  if (!resource) throw new UserError(`the server has no kind ${kind} in ${apiVersion}`, 3);
  return `${root}${resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''}/${resource.name}/${metadata.name}`;
}

export async function deployments(api: Api, namespace: string): Promise<{ available: number; all: number }> {
  const { items } = await api.call<{ items: DeploymentView[] }>(
    'GET',
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
  );
  return {
    available: items.filter(({ spec, status }) => (status?.availableReplicas ?? 0) >= spec.replicas).length,
    all: items.length,
  };
}

/** Seconds until every Deployment has all its replicas available. */
export async function untilAvailable(
  api: Api,
  namespace: string,
  progress: (available: number, all: number) => void,
): Promise<number> {
  const began = performance.now();
  for (;;) {
    const { available, all } = await deployments(api, namespace);
    progress(available, all);
    if (available === all) return (performance.now() - began) / 1000;
    if (performance.now() - began > patience)
      throw new UserError(`only ${available} of ${all} services were available after ${patience / 1000} s`, 1);
    await sleep(200);
  }
}

export const podsOf = async (api: Api, namespace: string): Promise<readonly PodView[]> =>
  (await api.call<{ items: PodView[] }>('GET', `/api/v1/namespaces/${namespace}/pods`)).items;

/** A line a node: which services have a pod there. */
export async function podsByZone(api: Api, namespace: string): Promise<readonly string[]> {
  const [{ items: nodes }, pods] = await Promise.all([
    api.call<{ items: NodeView[] }>('GET', '/api/v1/nodes'),
    podsOf(api, namespace),
  ]);
  const zoneOf = (node: NodeView) => node.metadata.labels?.['topology.kubernetes.io/zone'] ?? '';
  return [...nodes]
    .sort((a, b) => (zoneOf(a) + a.metadata.name < zoneOf(b) + b.metadata.name ? -1 : 1))
    .map((node) => {
      const own = pods.filter(
        ({ spec, status }) => spec.nodeName === node.metadata.name && status?.phase === 'Running',
      );
      const names = own.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] ?? metadata.name).sort();
      return `zone ${zoneOf(node)}  ${node.metadata.name}  ${String(own.length).padStart(2)}  ${names.join(' ')}`;
    });
}

/** The answer, or undefined when it is not there. */
export async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiFault && error.code === 404) return undefined;
    throw error;
  }
}

/** Pods that no node takes, each with the scheduler's reason. */
export async function unplaced(api: Api, namespace: string): Promise<readonly string[]> {
  const pods = (await podsOf(api, namespace)).filter(
    ({ spec, status }) => !spec.nodeName && status?.phase === 'Pending',
  );
  return pods.map(({ metadata, status }) => {
    const reason =
      status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? 'the scheduler has not looked yet';
    return `${metadata.name} waits: ${reason.split('. ')[0]}.`;
  });
}
