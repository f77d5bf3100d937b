// ClusterRoles made of others: gathers the rules of all roles whose labels an aggregation rule selects.

import { canonicalJson, deepEqual } from '../base/equal.ts';
import { selectorOf } from '../base/selectors.ts';
import { referenceTo } from '../client/client.ts';
import type { PolicyRule } from '../kinds/generated/types/rbac-v1.ts';
import { ClusterRole } from '../kinds/rbac/cluster-role.ts';
import { defineController, watching } from '../reconcile/controller.ts';

/** The rules of the selected roles, selector by selector, each rule once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const { matches } = selectorOf(selector, 'nothing');
    for (const other of all) {
      if (other.metadata.name === role.metadata.name || !matches(other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) rules.set(canonicalJson(rule), rules.get(canonicalJson(rule)) ?? rule);
    }
  }
  return [...rules.values()];
}

export const clusterRoleAggregationController = defineController<ClusterRole>({
  name: 'clusterrole-aggregation-controller',
  agent: 'clusterrole-aggregation-controller',
  for: ClusterRole,
  watches: [
    watching(ClusterRole, (_role, _previous, { lister }) =>
      lister(ClusterRole)
        .list()
        .filter(({ aggregationRule }) => aggregationRule)
        .map(referenceTo),
    ),
  ],

  async reconcile(role, { lister, patch }) {
    if (!role.aggregationRule) return;
    const rules = aggregatedRules(role, lister(ClusterRole).list());
    if (deepEqual(rules, role.rules ?? [])) return;
    const { name = '' } = role.metadata;
    await patch(
      ClusterRole,
      role,
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
      { type: 'apply', fieldManager: 'clusterrole-aggregation-controller', force: true },
    );
  },
});
