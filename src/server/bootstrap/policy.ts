// The roles and bindings every cluster has. What somebody took away from them comes back at the next start, unless the object says no.

import type { ObjectMeta } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import { ClusterRole } from '../../kinds/rbac/cluster-role.ts';
import { ClusterRoleBinding } from '../../kinds/rbac/cluster-role-binding.ts';
import { Role } from '../../kinds/rbac/role.ts';
import { RoleBinding } from '../../kinds/rbac/role-binding.ts';
import { uncovered } from '../covers.ts';
import type { PolicyRule } from '../rbac.ts';
import { aggregatedRoles } from './cluster-roles.ts';
import { ensure } from './ensure.ts';
import { type Policy, policyOf } from './gated-policy.ts';
import { namespacePolicies, type SubjectText } from './role-bindings.ts';
import type { RoleTable } from './rules.ts';
import type { BootstrapFacts } from './step.ts';

type Subject = NonNullable<RoleBinding['subjects']>[number];

const group = 'rbac.authorization.k8s.io';
const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';
const partPrefix = 'system:aggregate-to-';
const controllerName = (account: string): string => `system:controller:${account}`;

export async function defaultPolicy(client: Client, { enabled }: BootstrapFacts): Promise<void> {
  const policy = policyOf(enabled);
  await Promise.all([
    ensure(client, { kind: ClusterRole, objects: allClusterRoles(policy), repair: withRules }),
    ensure(client, { kind: ClusterRoleBinding, objects: allClusterRoleBindings(policy), repair: withSubjects }),
    ensure(client, { kind: Role, objects: allRoles(), repair: withRules }),
    ensure(client, { kind: RoleBinding, objects: allRoleBindings(), repair: withSubjects }),
  ]);
}

function metadataOf(name: string, labels: Record<string, string> = {}): ObjectMeta {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [autoupdate]: 'true' },
  };
}

const partLabel = (role: string): Record<string, string> => ({ [`${group}/aggregate-to-${role}`]: 'true' });

function allClusterRoles({ clusterRoles, controllerRoles }: Policy): ClusterRole[] {
  const single = (table: RoleTable, nameOf: (key: string) => string) =>
    Object.entries(table).map(([key, rules]) => ({
      metadata: metadataOf(nameOf(key), key.startsWith(partPrefix) ? partLabel(key.slice(partPrefix.length)) : {}),
      rules: copied(rules),
    }));
  const combined = aggregatedRoles.map(({ name, partOf }) => ({
    metadata: metadataOf(name, partOf ? partLabel(partOf) : {}),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: partLabel(name) }] },
    rules: [],
  }));
  return [...single(clusterRoles, (name) => name), ...combined, ...single(controllerRoles, controllerName)];
}

const copied = (rules: readonly PolicyRule[]): PolicyRule[] => rules.map((rule) => ({ ...rule }));

function allClusterRoleBindings({ bindings, controllerRoles }: Policy): ClusterRoleBinding[] {
  const bound = (name: string, subjects: readonly SubjectText[]): ClusterRoleBinding => ({
    metadata: metadataOf(name),
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
    ...(subjects.length > 0 && { subjects: subjects.map(subjectOf) }),
  });
  return [
    ...Object.entries(bindings).map(([name, subjects]) => bound(name, subjects)),
    ...Object.keys(controllerRoles).map((account) => bound(controllerName(account), [`account:${account}`])),
  ];
}

function allRoles(): Role[] {
  return Object.entries(namespacePolicies).flatMap(([namespace, { roles }]) =>
    Object.entries(roles).map(([name, rules]) => ({
      metadata: { ...metadataOf(name), namespace },
      rules: copied(rules),
    })),
  );
}

function allRoleBindings(): RoleBinding[] {
  return Object.entries(namespacePolicies).flatMap(([namespace, { bindings }]) =>
    Object.entries(bindings).map(([name, [role, ...subjects]]) => ({
      metadata: { ...metadataOf(name), namespace },
      roleRef: { apiGroup: group, kind: 'Role', name: role },
      subjects: subjects.map(subjectOf),
    })),
  );
}

function subjectOf(text: SubjectText): Subject {
  const colon = text.indexOf(':');
  const name = text.slice(colon + 1);
  if (text.startsWith('account:')) return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
  return { apiGroup: group, kind: text.startsWith('user:') ? 'User' : 'Group', name };
}

const mayUpdate = ({ annotations }: ObjectMeta): boolean => annotations?.[autoupdate] === 'true';

/** The existing role with the rules it lacks. The rules of a role made of others are not ours to keep. */
export function withRules<T extends ClusterRole | Role>(existing: T, wanted: T): T | undefined {
  if (!mayUpdate(existing.metadata) || 'aggregationRule' in wanted) return undefined;
  const missing = uncovered(existing.rules ?? [], wanted.rules ?? []);
  return missing.length === 0 ? undefined : { ...existing, rules: [...(existing.rules ?? []), ...missing] };
}

export function withSubjects<T extends ClusterRoleBinding | RoleBinding>(existing: T, wanted: T): T | undefined {
  if (!mayUpdate(existing.metadata)) return undefined;
  const present = new Set((existing.subjects ?? []).map(subjectKey));
  const missing = (wanted.subjects ?? []).filter((subject) => !present.has(subjectKey(subject)));
  return missing.length === 0 ? undefined : { ...existing, subjects: [...(existing.subjects ?? []), ...missing] };
}

const subjectKey = ({ kind, name, namespace = '' }: Subject): string => `${kind}/${namespace}/${name}`;
