// Namespaces on their way out: empties them, kind by kind, says what is left, and lets them go.

import { seconds } from '../base/clock.ts';
import { formatTime, parseTime } from '../base/time.ts';
import { type Kind, resourceKey } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { referenceTo } from '../client/client.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { NamespaceCondition } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController } from '../reconcile/controller.ts';

/** Deletion begins this long after it was asked for, so that every server knows of it and admits nothing new. */
const gracePeriod = seconds(5);
/** What is left is looked at again after this time at the latest: upstream as long after each change of the namespace's status. */
const lookAgain = seconds(5);
/** How long finalizers are expected to take, in seconds. */
const finalizerEstimate = 15;
const kubernetesFinalizer = 'kubernetes';

/** What is left of one kind after everything in it has been asked to go. */
export interface Leftovers {
  readonly kind: Pick<Kind, 'group' | 'plural'>;
  readonly items: readonly KubeObject[];
  readonly error?: string;
}

export interface NamespacePlan {
  readonly conditions: NamespaceCondition[];
  readonly empty: boolean;
  /** Seconds until the rest should be gone. */
  readonly estimate: number;
}

/** What the leftovers mean for the namespace. */
export function planNamespace(
  leftovers: readonly Leftovers[],
  before: readonly NamespaceCondition[],
  now: string,
): NamespacePlan {
  const left = leftovers.filter(({ items }) => items.length > 0);
  const errors = leftovers.flatMap(({ error }) => error ?? []);
  const remaining = left.map(
    ({ kind, items }) => `${kind.plural}.${kind.group} has ${items.length} resource instances`,
  );
  const finalizers = [...countFinalizers(left)].map(([name, count]) => `${name} in ${count} resource instances`);
  const news: NamespaceCondition[] = [
    said('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    said(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    errors.length > 0
      ? problem(
          'NamespaceDeletionContentFailure',
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${errors.length} remaining: ${errors.sort().join(', ')}`,
        )
      : said(
          'NamespaceDeletionContentFailure',
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ),
    remaining.length > 0
      ? problem(
          'NamespaceContentRemaining',
          'SomeResourcesRemain',
          `Some resources are remaining: ${remaining.sort().join(', ')}`,
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
  return {
    conditions: merged(before, news, now),
    empty: left.length === 0 && errors.length === 0,
    estimate: Math.max(0, ...left.map(estimateOf)),
  };
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

/** Conditions that say the same keep their time; the others get the present one. */
function merged(
  before: readonly NamespaceCondition[],
  news: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition[] {
  const dated = (condition: NamespaceCondition): NamespaceCondition => {
    const old = before.find(({ type }) => type === condition.type);
    const same =
      old?.status === condition.status && old.reason === condition.reason && old.message === condition.message;
    return same ? old : { ...condition, lastTransitionTime: now };
  };
  const own = new Set(news.map(({ type }) => type));
  return [...before.filter(({ type }) => !own.has(type)), ...news.map(dated)];
}

function countFinalizers(leftovers: readonly Leftovers[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { items } of leftovers)
    for (const { metadata } of items)
      for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  return counts;
}

function estimateOf({ kind, items }: Leftovers): number {
  if (kind.plural !== 'pods' || kind.group !== '') return finalizerEstimate;
  const graces = items.map(
    ({ metadata, spec }) =>
      metadata.deletionGracePeriodSeconds ?? (spec as Pod['spec']).terminationGracePeriodSeconds ?? 0,
  );
  return Math.max(1, ...graces);
}

/** `kinds` gives all kinds served at the time, custom ones included. */
export function namespaceController(kinds: () => readonly Kind[]): Controller {
  return defineController<Namespace>({
    name: 'namespace-controller',
    for: Namespace,
    workers: 10,

    async reconcile(namespace, context) {
      const { deletionTimestamp } = namespace.metadata;
      const finalizers = namespace.spec.finalizers ?? [];
      if (!deletionTimestamp || !finalizers.includes(kubernetesFinalizer)) return;
      const wait = (parseTime(deletionTimestamp) ?? 0) + gracePeriod - context.clock.now();
      if (wait > 0) return { after: wait };

      const leftovers = await emptied(namespace.metadata.name ?? '', kinds(), context);
      const { conditions, empty, estimate } = planNamespace(
        leftovers,
        namespace.status?.conditions ?? [],
        formatTime(context.clock.now()),
      );
      const status = { ...namespace.status, phase: 'Terminating' as const, conditions };
      if (!empty) return { status, after: Math.min(lookAgain, seconds(Math.floor(estimate / 2) + 1)) };
      const told = await context.client.updateStatus(Namespace, { ...namespace, status });
      await context.client.sub(Namespace, referenceTo(told), 'finalize', released(told), 'PUT');
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

/** Asks everything in a namespace to go, and returns what stays. Nothing but pods is touched while pods are left. */
async function emptied(namespace: string, kinds: readonly Kind[], context: Context): Promise<Leftovers[]> {
  const pods = await emptiedOf(Pod as unknown as Kind, namespace, context);
  if (pods.items.length > 0) return [pods];
  const others = kinds.filter((kind) => hasContent(kind) && resourceKey(kind) !== 'pods');
  const rest = await Promise.all(others.map((kind) => emptiedOf(kind, namespace, context)));
  return [pods, ...rest];
}

const hasContent = ({ scope, verbs, storedAs }: Kind): boolean =>
  scope === 'Namespaced' && !storedAs && verbs.includes('delete') && verbs.includes('list');

async function emptiedOf(kind: Kind, namespace: string, { client }: Context): Promise<Leftovers> {
  try {
    const { items } = await client.list(kind, { namespace });
    if (items.length === 0) return { kind, items };
    await Promise.all(
      items.map((object) => client.delete(kind, referenceTo(object), { propagationPolicy: 'Background' })),
    );
    return { kind, items: (await client.list(kind, { namespace })).items };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { kind, items: [], error: error.message };
  }
}
