// ResourceQuotas: counts what a namespace uses, when the quota changes and whenever something that was counted goes away.

import { deepEqual } from '../base/equal.ts';
import { quantityOfNumber } from '../base/quantity.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject, Reference } from '../api/object.ts';
import { referenceTo } from '../client/client.ts';
import { Pod } from '../kinds/core/pod.ts';
import { ResourceQuota } from '../kinds/core/resource-quota.ts';
import { type Context, type Controller, defineController, type Watched } from '../reconcile/controller.ts';
import { addAmounts, type MutableAmounts, onlyThese, textsOf } from '../server/admission/amounts.ts';
import type { Evaluator } from '../server/admission/resource-quota/evaluator.ts';
import { evaluatorOf, isCountedBy } from '../server/admission/resource-quota/index.ts';
import { isFinished } from './pods.ts';

interface Counted {
  readonly kind: Kind;
  readonly evaluator: Evaluator;
}

/** What of the quota's resources is used, in whole; resources that nobody counts are left out. */
export function usedBy(
  quota: ResourceQuota,
  counted: readonly Counted[],
  { lister, clock }: Pick<Context, 'lister' | 'clock'>,
): Record<string, string> {
  const { hard = {} } = quota.spec ?? {};
  const used: MutableAmounts = new Map();
  for (const { kind, evaluator } of counted) {
    const names = Object.keys(hard).filter(evaluator.counts);
    if (names.length === 0) continue;
    for (const name of names) used.set(name, quantityOfNumber(0));
    for (const object of lister(kind).list(quota.metadata.namespace))
      if (isCountedBy(quota, hard, { evaluator, object }))
        addAmounts(
          used,
          onlyThese(evaluator.usage(object, clock.now()), (name) => name in hard),
        );
  }
  return textsOf(used);
}

export function resourceQuotaController(kinds: readonly Kind[]): Controller {
  const counted = kinds.flatMap((kind): Counted[] => {
    const evaluator = kind.storedAs || !kind.verbs.includes('watch') ? undefined : evaluatorOf(kind);
    return evaluator ? [{ kind, evaluator }] : [];
  });
  /** Quotas to be counted anew. Others are left alone, for what admission adds up is not undone by a look at the status. */
  const due = new Set<string>();
  const keyOf = ({ namespace, name }: Reference) => `${namespace}/${name}`;

  const watches = counted.map(
    ({ kind, evaluator }): Watched => ({
      kind,
      map(object, previous, { lister }) {
        const { name = '', namespace = '' } = object.metadata;
        const gone = !lister(kind).get(name, namespace);
        if (!gone && !(previous && freed(kind, object, previous))) return [];
        const concerned = lister(ResourceQuota)
          .list(namespace)
          .filter(({ spec }) => Object.keys(spec?.hard ?? {}).some(evaluator.counts))
          .map(referenceTo);
        for (const quota of concerned) due.add(keyOf(quota));
        return concerned;
      },
    }),
  );

  return defineController<ResourceQuota>({
    name: 'resourcequota-controller',
    for: ResourceQuota,
    watches,

    async reconcile(quota, context) {
      const { hard = {} } = quota.spec ?? {};
      const key = keyOf(referenceTo(quota));
      if (!due.delete(key) && deepEqual(quota.status?.hard ?? {}, hard) && quota.status) {
        if (Object.keys(quota.status).length > 0 || Object.keys(hard).length === 0) return;
      }
      const used = usedBy(quota, counted, context);
      return { status: { hard, ...(Object.keys(used).length > 0 && { used }) } };
    },
  });
}

/** A living object takes less than before. */
const freed = (kind: Kind, object: KubeObject, previous: KubeObject): boolean =>
  kind.plural === Pod.plural && kind.group === ''
    ? isFinished(object as Pod) !== isFinished(previous as Pod)
    : ['services', 'persistentvolumeclaims'].includes(kind.plural) && !deepEqual(object.spec, previous.spec);
