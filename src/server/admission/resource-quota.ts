// ResourceQuota: what would use more than a namespace's quotas leave is refused; what is let in is counted at once.

import { isZeroQuantity, type Quantity } from '../../base/quantity.ts';
import type { KubeObject } from '../../api/object.ts';
import { ApiError, forbidden } from '../../api/status.ts';
import { ResourceQuota } from '../../kinds/core/resource-quota.ts';
import {
  addAmounts,
  amountOf,
  type Amounts,
  amountsOf,
  differenceOf,
  namesOf,
  onlyThese,
  printAmounts,
  textsOf,
} from './amounts.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';
import type { Evaluator } from './resource-quota/evaluator.ts';
import { evaluatorOf, isCountedBy } from './resource-quota/index.ts';

/** How often counting is tried again after another write was faster. */
const mostTries = 64;

export const resourceQuotaAdmission: AdmissionPlugin = {
  name: 'ResourceQuota',
  handles: (attributes) => evaluatorFor(attributes) !== undefined,

  async validate(attributes, world) {
    const evaluator = evaluatorFor(attributes);
    const { object, namespace } = attributes;
    if (!evaluator || !object) return;
    const quotas = await world.mirror(ResourceQuota);
    const more = additionalUsage(evaluator, attributes, world);
    const names = quotas
      .list(namespace)
      .filter((quota) => isCountedBy(quota, quota.status?.hard, { evaluator, object }))
      .map(({ metadata }) => metadata.name ?? '');
    for (const name of names) requireSaid(quotas.get(name, namespace), evaluator, attributes);
    // All are asked before any is charged: what one refuses, the others do not count.
    for (const name of names) planCharge(quotas.get(name, namespace), more, attributes);
    if (attributes.dryRun) return;
    for (const name of names) await charge({ name, namespace }, more, attributes, world);
  },
};

function evaluatorFor({ operation, kind, subresource }: Attributes): Evaluator | undefined {
  const evaluator = evaluatorOf(kind);
  if (subresource === '') {
    if (operation === 'CREATE') return evaluator;
    return operation === 'UPDATE' && evaluator?.handlesUpdates === 'always' ? evaluator : undefined;
  }
  const resizes = operation === 'UPDATE' && subresource === 'resize' && evaluator?.handlesUpdates === 'resize';
  return resizes ? evaluator : undefined;
}

/** What the object uses beyond what it used before. */
function additionalUsage(evaluator: Evaluator, { object, old }: Attributes, { clock }: AdmissionWorld): Amounts {
  const used = evaluator.usage(object as KubeObject, clock.now());
  const more = old ? differenceOf(used, evaluator.usage(old, clock.now())) : used;
  return onlyThese(more, (name) => !isZeroQuantity(amountOf(more, name)));
}

function requireSaid(quota: ResourceQuota | undefined, evaluator: Evaluator, attributes: Attributes): void {
  const counted = Object.keys(quota?.status?.hard ?? {}).filter(evaluator.counts);
  const unsaid = evaluator.unsaid?.(attributes.object as KubeObject, counted);
  if (unsaid) throw refused(attributes, `failed quota: ${quota?.metadata.name}: ${unsaid}`);
  const unknown = counted.filter((name) => quota?.status?.used?.[name] === undefined).sort();
  if (unknown.length > 0)
    throw refused(attributes, `status unknown for quota: ${quota?.metadata.name}, resources: ${unknown.join(',')}`);
}

const refused = ({ kind, name, object }: Attributes, why: string) =>
  forbidden({ group: kind.group, resource: kind.plural }, object?.metadata.name ?? name, why);

/** What the quota's use becomes; undefined: it stays. Refuses what goes beyond. */
function planCharge(
  quota: ResourceQuota | undefined,
  more: Amounts,
  attributes: Attributes,
): Record<string, string> | undefined {
  const [hard, used] = [amountsOf(quota?.status?.hard), amountsOf(quota?.status?.used)];
  const requested = onlyThese(more, (name) => hard.has(name));
  if (requested.size === 0) return undefined;
  const next = addAmounts(new Map(used), requested);
  const exceeds = (name: string) =>
    isPositive(amountOf(requested, name)) && amountOf(next, name).nanos > amountOf(hard, name).nanos;
  const exceeded = namesOf(requested).filter(exceeds);
  if (exceeded.length > 0) {
    const shown = (amounts: Amounts) => printAmounts(onlyThese(amounts, (name) => exceeded.includes(name)));
    throw refused(
      attributes,
      `exceeded quota: ${quota?.metadata.name}, requested: ${shown(requested)}, used: ${shown(used)}, limited: ${shown(hard)}`,
    );
  }
  return textsOf(next);
}

const isPositive = ({ nanos }: Quantity): boolean => nanos > 0n;

/** Counts the use in the quota's status, which nobody else may have changed in between. */
async function charge(
  quota: { readonly name: string; readonly namespace: string },
  more: Amounts,
  attributes: Attributes,
  { client, mirror }: AdmissionWorld,
): Promise<void> {
  const quotas = await mirror(ResourceQuota);
  for (let tries = mostTries; tries > 0; tries--) {
    const present = quotas.get(quota.name, quota.namespace);
    const used = planCharge(present, more, attributes);
    if (!present || !used) return;
    try {
      await client.updateStatus(ResourceQuota, { ...present, status: { ...present.status, used } });
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.code !== 409 && error.code !== 404)) throw error;
    }
  }
  throw refused(attributes, `quota ${quota.name} changes too fast to be counted`);
}
