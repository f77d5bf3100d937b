// Namespaces on their way out: empties them, kind by kind, says what is left, and lets them go.

import { seconds } from '../base/clock.ts';
import { formatTime, parseTime } from '../base/time.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { NamespaceCondition } from '../kinds/generated/types/core-v1.ts';
import { type Controller, defineController } from '../reconcile/controller.ts';
import type { RemoteKinds } from '../server/aggregation/remote-kinds.ts';

/** Deletion begins this long after it was asked for, so that every server knows of it and admits nothing new. */
const gracePeriod = seconds(5);
/** What is left is looked at again after this time at the latest: upstream as long after each change of the namespace's status. */
const lookAgain = seconds(5);
/** How long finalizers are expected to take, in seconds. */
const finalizerEstimate = 15;
const kubernetesFinalizer = 'kubernetes';

/** What became of one kind after everything in the namespace was asked to go. */
export interface Emptied {
  readonly kind: Pick<Kind, 'group' | 'version' | 'plural'>;
  readonly left: readonly KubeObject[];
  /** How long those that were there may take, in seconds; 0: they should be gone by now. */
  readonly grace: number;
  readonly error?: string;
}

export interface NamespacePlan {
  readonly conditions: NamespaceCondition[];
  readonly done: boolean;
  /** When the rest should be looked at again, in milliseconds. */
  readonly after: number;
}

export interface NamespaceState {
  readonly name: string;
  readonly emptied: readonly Emptied[];
  /** Group versions of which nobody knows at the moment what they hold. */
  readonly stale: readonly string[];
  readonly before: readonly NamespaceCondition[];
  readonly now: string;
}

/** What that means for the namespace. */
export function planNamespace({ name, emptied, stale, before, now }: NamespaceState): NamespacePlan {
  const errors = emptied.flatMap((each) => each.error ?? unexpected(each, name) ?? []);
  const news = [
    discovery(stale),
    said(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    content(errors),
    ...remaining(emptied),
  ];
  const failed = errors.length > 0 || stale.length > 0;
  const estimate = Math.max(0, ...emptied.map(estimateOf));
  return {
    conditions: merged(before, news, now),
    done: !failed && emptied.every(({ left }) => left.length === 0),
    after: failed ? lookAgain : Math.min(lookAgain, seconds(Math.floor(estimate / 2) + 1)),
  };
}

function discovery(stale: readonly string[]): NamespaceCondition {
  const type = 'NamespaceDeletionDiscoveryFailure';
  if (stale.length === 0) return said(type, 'ResourcesDiscovered', 'All resources successfully discovered');
  const groups = stale.map((each) => `${each}: stale GroupVersion discovery: ${each}`).sort();
  const why = `unable to retrieve the complete list of server APIs: ${groups.join(', ')}`;
  return problem(type, 'DiscoveryFailed', `Discovery failed for some groups, ${stale.length} failing: ${why}`);
}

function content(errors: readonly string[]): NamespaceCondition {
  const type = 'NamespaceDeletionContentFailure';
  if (errors.length === 0)
    return said(type, 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization');
  const why = `Failed to delete all resource types, ${errors.length} remaining: ${errors.toSorted().join(', ')}`;
  return problem(type, 'ContentDeletionFailed', why);
}

/** As upstream, what is left is not told while there are pods. */
function remaining(emptied: readonly Emptied[]): readonly NamespaceCondition[] {
  const left = emptied.some((each) => isPods(each.kind) && each.left.length > 0)
    ? []
    : emptied.filter((each) => each.left.length > 0);
  const resources = left.map(
    ({ kind, left: { length } }) => `${kind.plural}.${kind.group} has ${length} resource instances`,
  );
  const finalizers = [...countFinalizers(left)].map(([name, count]) => `${name} in ${count} resource instances`);
  return [
    resources.length > 0
      ? problem(
          'NamespaceContentRemaining',
          'SomeResourcesRemain',
          `Some resources are remaining: ${resources.sort().join(', ')}`,
        )
      : said('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'),
    finalizers.length > 0
      ? problem(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.sort().join(', ')}`,
        )
      : said('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
}

const isPods = ({ group, plural }: Emptied['kind']): boolean => group === '' && plural === 'pods';

const isHeld = ({ metadata }: KubeObject): boolean => (metadata.finalizers ?? []).length > 0;

/** What stays for no reason. */
function unexpected({ kind, left, grace }: Emptied, namespace: string): string | undefined {
  if (left.length === 0 || grace > 0 || left.some(isHeld)) return undefined;
  const { group, version, plural } = kind;
  return `unexpected items still remain in namespace: ${namespace} for gvr: ${group}/${version}, Resource=${plural}`;
}

/** Seconds until the rest should be gone. */
function estimateOf({ left, grace }: Emptied): number {
  if (left.length === 0) return 0;
  return grace > 0 ? grace : finalizerEstimate;
}

const said = (type: string, reason: string, message: string): NamespaceCondition => ({
  type,
  status: 'False',
  reason,
  message,
});
const problem = (type: string, reason: string, message: string): NamespaceCondition => ({
  type,
  status: 'True',
  reason,
  message,
});

/** Conditions whose status is the same keep their time; the others get the present one. */
function merged(
  before: readonly NamespaceCondition[],
  news: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition[] {
  const dated = (condition: NamespaceCondition): NamespaceCondition => {
    const old = before.find(({ type }) => type === condition.type);
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: since ?? now };
  };
  const own = new Set(news.map(({ type }) => type));
  return [...before.filter(({ type }) => !own.has(type)), ...news.map(dated)];
}

function countFinalizers(emptied: readonly Emptied[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { metadata } of emptied.flatMap(({ left }) => left))
    for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  return counts;
}

export interface NamespaceControllerOptions {
  /** All kinds served at the time, custom ones included. */
  readonly kinds: () => readonly Kind[];
  /** Those that other API servers serve. */
  readonly remoteKinds: () => RemoteKinds;
}

export function namespaceController({ kinds, remoteKinds }: NamespaceControllerOptions): Controller {
  return defineController<Namespace>({
    name: 'namespace-controller',
    for: Namespace,
    workers: 10,

    async reconcile(namespace, { clock, client }) {
      const { name = '', deletionTimestamp } = namespace.metadata;
      const finalizers = namespace.spec.finalizers ?? [];
      if (!deletionTimestamp || !finalizers.includes(kubernetesFinalizer)) return;
      const since = clock.now() - (parseTime(deletionTimestamp) ?? 0);
      if (since < gracePeriod) return { after: gracePeriod - since };

      const remote = remoteKinds();
      const emptied = await emptyAll({ name, since, kinds: [...kinds(), ...remote.kinds].filter(hasContent), client });
      const before = namespace.status?.conditions ?? [];
      const now = formatTime(clock.now());
      const { conditions, done, after } = planNamespace({ name, emptied, stale: remote.stale, before, now });
      const status = { ...namespace.status, phase: 'Terminating' as const, conditions };
      if (!done) return { status, after };
      const told = await client.updateStatus(Namespace, { ...namespace, status });
      await client.sub(Namespace, referenceTo(told), 'finalize', released(told), 'PUT');
      return;
    },
  });
}

const released = (namespace: Namespace): Namespace => ({
  ...namespace,
  spec: {
    ...namespace.spec,
    finalizers: (namespace.spec.finalizers ?? []).filter((each) => each !== kubernetesFinalizer),
  },
});

const hasContent = ({ scope, verbs, storedAs }: Kind): boolean =>
  scope === 'Namespaced' && !storedAs && verbs.includes('delete');

interface Leaving {
  readonly name: string;
  /** How long its deletion is ago, in milliseconds. */
  readonly since: number;
  readonly kinds: readonly Kind[];
  readonly client: Client;
}

/** Asks everything in a namespace to go, and returns what became of it. Nothing but pods is touched while pods are left. */
async function emptyAll({ name, since, kinds, client }: Leaving): Promise<readonly Emptied[]> {
  const grace = await podGrace(name, client);
  const pods = { ...(await empty(Pod as unknown as Kind, name, client)), grace: since < seconds(grace) ? grace : 0 };
  if (pods.left.length > 0) return [pods];
  const others = kinds.filter((kind) => !isPods(kind));
  return [pods, ...(await Promise.all(others.map((kind) => empty(kind, name, client))))];
}

/** How long the pods may take to end, in seconds. */
async function podGrace(namespace: string, client: Client): Promise<number> {
  const { items } = await client.list(Pod, { namespace });
  const running = items.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  return Math.max(0, ...running.map(({ spec }) => spec.terminationGracePeriodSeconds ?? 0));
}

async function empty(kind: Kind, namespace: string, client: Client): Promise<Emptied> {
  try {
    await removeAll(kind, namespace, client);
    return { kind, left: await listed(kind, namespace, client), grace: 0 };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { kind, left: [], grace: 0, error: error.message };
  }
}

const inBackground = { propagationPolicy: 'Background' } as const;

/** All at once, or where that is not served one by one. */
async function removeAll(kind: Kind, namespace: string, client: Client): Promise<void> {
  const served = kind.verbs.includes('deletecollection');
  if (served && (await unlessUnserved(client.deleteCollection(kind, namespace, inBackground).then(() => true)))) return;
  for (const object of await listed(kind, namespace, client))
    await unlessUnserved(client.delete(kind, { name: object.metadata.name ?? '', namespace }, inBackground));
}

async function listed(kind: Kind, namespace: string, client: Client): Promise<readonly KubeObject[]> {
  if (!kind.verbs.includes('list')) return [];
  return (await unlessUnserved(client.list(kind, { namespace })))?.items ?? [];
}

/** Undefined where discovery promised what is not served. */
async function unlessUnserved<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && (error.code === 404 || error.code === 405)) return undefined;
    throw error;
  }
}
