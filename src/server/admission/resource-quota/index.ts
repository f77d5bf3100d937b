// What quotas count about every kind: some kinds have rules of their own, of all others the objects are counted.

import { quantityOfNumber } from '../../../base/quantity.ts';
import { type Kind, resourceKey } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ResourceQuota } from '../../../kinds/core/resource-quota.ts';
import { claimEvaluator } from './claims.ts';
import type { Evaluator } from './evaluator.ts';
import { podEvaluator } from './pods.ts';
import { serviceEvaluator } from './services.ts';

const own: Readonly<Record<string, Evaluator>> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: claimEvaluator,
};

/** Kinds that could be counted before `count/…` was there, by their plain name. */
const plainlyNamed = ['configmaps', 'secrets', 'resourcequotas', 'replicationcontrollers'];

/** Undefined: objects of this kind are never counted. */
export function evaluatorOf(kind: Kind): Evaluator | undefined {
  const resource = resourceKey(kind);
  if (kind.scope !== 'Namespaced' || resource === 'events' || resource === 'events.events.k8s.io') return undefined;
  return own[resource] ?? counting(resource);
}

function counting(resource: string): Evaluator {
  const names = [`count/${resource}`, ...(plainlyNamed.includes(resource) ? [resource] : [])];
  const usage = new Map(names.map((name) => [name, quantityOfNumber(1)]));
  return { handlesUpdates: 'never', counts: (name) => names.includes(name), usage: () => usage };
}

/** Whether the quota is about the object: something of it is counted, and it is in all scopes. */
export function isCountedBy(
  quota: ResourceQuota,
  hard: Readonly<Record<string, string>> | undefined,
  { evaluator, object }: { readonly evaluator: Evaluator; readonly object: KubeObject },
): boolean {
  if (!Object.keys(hard ?? {}).some(evaluator.counts)) return false;
  const scopes = [
    ...(quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' as const })),
    ...(quota.spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return scopes.every((scope) => evaluator.isInScope?.(object, scope) ?? false);
}
