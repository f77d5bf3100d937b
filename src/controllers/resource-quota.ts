// Keeps the statuses of quotas: what a namespace uses of what its quotas count, counted anew when something goes or changes.

import { minutes } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import type { Kind } from '../api/kind.ts';
import { resourceKey } from '../api/kind.ts';
import type { KubeObject, Reference } from '../api/object.ts';
import { quantityOfNumber } from '../base/quantity.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { ResourceQuota } from '../kinds/core/resource-quota.ts';
import type { Service } from '../kinds/core/service.ts';
import { kinds as builtInKinds } from '../kinds/index.ts';
import { type Context, type Controller, defineController, type Watched } from '../reconcile/controller.ts';
import { addAmounts, type MutableAmounts, textsOf } from '../server/admission/amounts.ts';
import type { Evaluator } from '../server/admission/resource-quota/evaluator.ts';
import { evaluatorOf, isCountedBy } from '../server/admission/resource-quota/index.ts';
import { isFinished } from '../kinds/core/pod-facts.ts';

/** Everything is counted again this often, whatever was missed: `--resource-quota-sync-period`. */
const resync = minutes(5);

/** Works by namespace: what quotas are charged on creation is the admission's, so their own statuses wake nobody. */
export function resourceQuotaController(kinds: () => readonly Kind[]): Controller {
  const watched = builtInKinds.filter((kind) => kind.versions.length > 0 && isCounted(kind));
  const isWatched = new Set(watched.map(resourceKey));

  return defineController<Namespace>({
    name: 'resourcequota-controller',
    for: Namespace,
    watches: watched.map(watchedKind),

    async reconcile({ metadata: { name = '' } }, context) {
      const quotas = context.lister(ResourceQuota).list(name);
      if (quotas.length === 0) return;
      for (const quota of quotas) await count(quota, context);
      return { after: resync };
    },
  });

  async function count(quota: ResourceQuota, context: Context): Promise<void> {
    const hard = quota.spec?.hard ?? {};
    const used: MutableAmounts = new Map();
    for (const kind of kinds()) {
      const evaluator = isCounted(kind) ? evaluatorOf(kind) : undefined;
      const names = evaluator ? Object.keys(hard).filter(evaluator.counts) : [];
      if (!evaluator || names.length === 0) continue;
      for (const name of names) used.set(name, quantityOfNumber(0));
      for (const object of await objectsOf(kind, quota.metadata.namespace ?? '', context))
        add(used, { quota, evaluator, object }, context);
    }
    const status = { hard: { ...hard }, ...(used.size > 0 && { used: textsOf(used) }) };
    if (!deepEqual(status, quota.status)) await context.client.updateStatus(ResourceQuota, { ...quota, status });
  }

  /** Kinds that came later are not watched: they are asked for. */
  async function objectsOf(kind: Kind, namespace: string, { lister, client }: Context): Promise<readonly KubeObject[]> {
    return isWatched.has(resourceKey(kind))
      ? lister(kind).list(namespace)
      : (await client.list(kind, { namespace })).items;
  }
}

const isCounted = (kind: Kind): boolean =>
  evaluatorOf(kind) !== undefined && kind.verbs.includes('list') && kind.verbs.includes('watch') && !kind.storedAs;

function add(
  used: MutableAmounts,
  { quota, evaluator, object }: { quota: ResourceQuota; evaluator: Evaluator; object: KubeObject },
  { clock }: Context,
): void {
  if (!isCountedBy(quota, quota.spec?.hard, { evaluator, object })) return;
  const usage = [...evaluator.usage(object, clock.now())].filter(([name]) => used.has(name));
  addAmounts(used, new Map(usage));
}

/** Wakes a namespace when one of its objects goes, or changes in a way that quotas count, and when its quotas change. */
function watchedKind(kind: Kind): Watched {
  const resource = resourceKey(kind);
  return {
    kind,
    map(object, previous, { lister }): readonly Reference[] {
      const { namespace = '' } = object.metadata;
      if (resource !== 'resourcequotas') {
        const isFreed =
          previous === undefined
            ? isGone(object, lister(kind).get(object.metadata.name ?? '', namespace))
            : frees(resource, object, previous);
        if (!isFreed || lister(ResourceQuota).list(namespace).length === 0) return [];
      } else if (previous && deepEqual(object.spec, previous.spec)) return [];
      return [{ name: namespace, namespace: '' }];
    },
  };
}

const isGone = (object: KubeObject, present: KubeObject | undefined): boolean =>
  present?.metadata.uid !== object.metadata.uid;

function frees(resource: string, next: KubeObject, previous: KubeObject): boolean {
  switch (resource) {
    case 'pods':
      return (
        isFinished(next as Pod) !== isFinished(previous as Pod) ||
        !deepEqual(resourcesOf(next as Pod), resourcesOf(previous as Pod))
      );
    case 'services':
      return (next as Service).spec?.type !== (previous as Service).spec?.type;
    case 'persistentvolumeclaims':
      return !deepEqual(next.spec, previous.spec);
    default:
      return false;
  }
}

const resourcesOf = ({ spec }: Pod) => spec.containers.map(({ resources }) => resources);
