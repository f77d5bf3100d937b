// Nobody gives away more than they have: who writes a role must hold its rules, who binds one must hold the role's, unless explicitly
// allowed to `escalate` or `bind`.

import { semanticEqual } from '../../base/equal.ts';
import type { KubeObject } from '../../api/object.ts';
import type { UserInfo } from '../../api/request.ts';
import { forbidden } from '../../api/status.ts';
import type { ClusterRole } from '../../kinds/rbac/cluster-role.ts';
import type { RoleBinding } from '../../kinds/rbac/role-binding.ts';
import { uncovered } from '../covers.ts';
import { type Policies, type PolicyRule, policiesBy, roleOf, roleNotFound, rulesFor } from '../rbac.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';

const group = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Upstream has this in the storage of roles, behind all other admission. */
export const rbacEscalation: AdmissionPlugin = {
  name: 'RBACEscalation',
  handles: ({ kind, operation, subresource }) =>
    kind.group === group && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),

  async mutate(attributes, world) {
    const { kind, user, object, old } = attributes;
    if (user.groups.includes('system:masters') || isCollected(object, old)) return;
    const policies = await policiesBy(world.mirror);
    if (kind.plural.endsWith('bindings')) await requireBind(attributes, world, policies);
    else await requireEscalate(attributes, world, policies);
  },
};

/** Whether only what the garbage collector writes has changed. */
function isCollected(object: KubeObject | undefined, old: KubeObject | undefined): boolean {
  if (!object || !old) return false;
  const bare = ({ metadata, ...rest }: KubeObject) => {
    const { ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };
  return semanticEqual(bare(object), bare(old));
}

async function requireEscalate(attributes: Attributes, world: AdmissionWorld, policies: Policies): Promise<void> {
  const { kind, name, namespace, operation, object, old, user } = attributes;
  const asked = operation === 'CREATE' ? '' : name;
  if (await mayDo(world, user, 'escalate', { resource: kind.plural, namespace, name: asked })) return;
  const role = object as unknown as ClusterRole;
  confirm(attributes, policies, role.rules ?? []);
  if (!gathers(role) && !gathers(old as ClusterRole | undefined)) return;
  if (missing(policies, user, '', everything).length > 0)
    throw refused(attributes, 'must have cluster-admin privileges to use the aggregationRule');
}

/** Whether the role is made of others. */
const gathers = (role: ClusterRole | undefined): boolean =>
  (role?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;

async function requireBind(attributes: Attributes, world: AdmissionWorld, policies: Policies): Promise<void> {
  const { namespace, object, user } = attributes;
  const { roleRef } = object as unknown as RoleBinding;
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  if (await mayDo(world, user, 'bind', { resource, namespace, name: roleRef.name })) return;
  const role = roleOf(policies, roleRef, namespace);
  if (!role) throw roleNotFound(roleRef);
  confirm(attributes, policies, role.rules ?? []);
}

async function mayDo(
  { access }: AdmissionWorld,
  user: UserInfo,
  verb: string,
  what: { readonly resource: string; readonly namespace: string; readonly name: string },
): Promise<boolean> {
  const { verdict } = await access.decide({ user, verb, resource: { group, version: '*', subresource: '', ...what } });
  return verdict === 'allow';
}

function confirm(attributes: Attributes, policies: Policies, wanted: readonly PolicyRule[]): void {
  const { user, namespace } = attributes;
  const errors: string[] = [];
  const lacking = missing(policies, user, namespace, wanted, errors);
  if (lacking.length === 0) return;
  const lines = [...new Set(compacted(lacking).map(described))].sort();
  const resolution = errors.length > 0 ? `; resolution errors: [${errors.join(' ')}]` : '';
  throw refused(
    attributes,
    `user ${JSON.stringify(user.name)} (groups=${listed(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${resolution}`,
  );
}

function missing(
  policies: Policies,
  user: UserInfo,
  namespace: string,
  wanted: readonly PolicyRule[],
  errors: string[] = [],
): PolicyRule[] {
  const owned = [...rulesFor(policies, user, namespace, errors)].map(({ rule }) => rule);
  return uncovered(owned, wanted);
}

const refused = ({ kind, name, object }: Attributes, why: string) =>
  forbidden({ group, resource: kind.plural }, name || (object?.metadata.name ?? ''), why);

/** Rules about the same resource as one rule of several verbs. */
function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const byTarget = new Map<string, PolicyRule>();
  for (const { verbs, ...target } of rules) {
    const key = JSON.stringify(target);
    const own = target.nonResourceURLs ? `${key} ${verbs.join()}` : key;
    const known = byTarget.get(own);
    byTarget.set(own, { ...target, verbs: [...(known?.verbs ?? []), ...verbs] });
  }
  return [...byTarget.values()];
}

function described({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ] as const;
  const texts = parts.flatMap(([label, values]) => (values?.length ? [`${label}:${listed(values)}`] : []));
  return `{${texts.join(', ')}}`;
}

/** A list of strings as Go prints it with %q. */
const listed = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
