// RBAC: what roles and their bindings allow. Nothing is denied here; what no rule allows, nobody has an opinion on.

import type { Kind } from '../api/kind.ts';
import type { Mirror } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import type { UserInfo } from '../api/request.ts';
import { type ApiError, notFound } from '../api/status.ts';
import { ClusterRole } from '../kinds/rbac/cluster-role.ts';
import { ClusterRoleBinding } from '../kinds/rbac/cluster-role-binding.ts';
import { Role } from '../kinds/rbac/role.ts';
import { RoleBinding } from '../kinds/rbac/role-binding.ts';
import type { AccessRequest, Authorizer } from './authorize.ts';
import type { Server } from './server.ts';

export type PolicyRule = NonNullable<ClusterRole['rules']>[number];
type Binding = ClusterRoleBinding | RoleBinding;
type Subject = NonNullable<Binding['subjects']>[number];

export interface Policies {
  readonly clusterRoles: Mirror<ClusterRole>;
  readonly clusterRoleBindings: Mirror<ClusterRoleBinding>;
  readonly roles: Mirror<Role>;
  readonly roleBindings: Mirror<RoleBinding>;
}

/** A rule that reaches a user, and the words that say through what. */
export interface GrantedRule {
  readonly rule: PolicyRule;
  readonly through: string;
}

export function rbac(server: Server): Authorizer {
  let policies: Promise<Policies> | undefined;
  return async (request) => {
    policies ??= policiesOf(server);
    return decideBy(await policies, request);
  };
}

export const policiesOf = (server: Server): Promise<Policies> =>
  policiesBy(async (kind) => (await server.caches.of(kind as never)).mirror as never);

/** The four kinds as they are now, by whatever way mirrors are had. */
export async function policiesBy(
  mirror: <T extends KubeObject>(kind: Kind<T>) => Promise<Mirror<T>>,
): Promise<Policies> {
  return {
    clusterRoles: await mirror(ClusterRole),
    clusterRoleBindings: await mirror(ClusterRoleBinding),
    roles: await mirror(Role),
    roleBindings: await mirror(RoleBinding),
  };
}

type RoleRef = Binding['roleRef'];

/** The role a binding in the namespace names; a ClusterRole counts in any. */
export const roleOf = (
  policies: Policies,
  { kind, name }: RoleRef,
  namespace: string,
): Role | ClusterRole | undefined =>
  kind === 'Role' ? policies.roles.get(name, namespace) : policies.clusterRoles.get(name);

/** Upstream says this in the singular. */
export const roleNotFound = ({ kind, name }: RoleRef): ApiError =>
  notFound({ group: 'rbac.authorization.k8s.io', resource: kind === 'Role' ? 'role' : 'clusterrole' }, name);

function decideBy(policies: Policies, request: AccessRequest): ReturnType<Authorizer> {
  const errors: string[] = [];
  for (const { rule, through } of rulesFor(policies, request.user, request.resource?.namespace ?? '', errors)) {
    if (ruleAllows(rule, request)) return { verdict: 'allow', reason: through };
  }
  return {
    verdict: 'no-opinion',
    reason: errors.length > 0 ? `RBAC: ${aggregated(errors)}` : '',
  };
}

/** Several errors as one text, each said once. */
export function aggregated(errors: readonly string[]): string {
  const [first = '', ...more] = new Set(errors);
  return more.length === 0 ? first : `[${[first, ...more].join(', ')}]`;
}

/** Every rule that reaches the user in the namespace (or in the whole cluster), lazily; roles that are missing are noted in `errors`. */
export function* rulesFor(
  policies: Policies,
  user: UserInfo,
  namespace: string,
  errors: string[],
): Generator<GrantedRule> {
  for (const binding of policies.clusterRoleBindings.list()) {
    const subject = binding.subjects?.find((each) => names(each, user, ''));
    if (subject) yield* grantedBy(policies, binding, subject, '', errors);
  }
  if (namespace === '') return;
  for (const binding of policies.roleBindings.list(namespace)) {
    const subject = binding.subjects?.find((each) => names(each, user, namespace));
    if (subject) yield* grantedBy(policies, binding, subject, namespace, errors);
  }
}

function* grantedBy(
  policies: Policies,
  binding: Binding,
  subject: Subject,
  namespace: string,
  errors: string[],
): Generator<GrantedRule> {
  const { kind, name } = binding.roleRef;
  const role = roleOf(policies, binding.roleRef, namespace);
  if (!role) {
    errors.push(roleNotFound(binding.roleRef).message);
    return;
  }
  const bindingName = JSON.stringify(namespace ? `${binding.metadata.name}/${namespace}` : binding.metadata.name);
  const who =
    subject.kind === 'ServiceAccount'
      ? `ServiceAccount ${JSON.stringify(`${subject.name}/${subject.namespace || namespace}`)}`
      : `${subject.kind} ${JSON.stringify(subject.name)}`;
  const through = `RBAC: allowed by ${namespace ? 'RoleBinding' : 'ClusterRoleBinding'} ${bindingName} of ${kind} ${JSON.stringify(name)} to ${who}`;
  for (const rule of role.rules ?? []) yield { rule, through };
}

function names(subject: Subject, user: UserInfo, namespace: string): boolean {
  if (subject.kind === 'User') return user.name === subject.name;
  if (subject.kind === 'Group') return user.groups.includes(subject.name);
  const home = subject.namespace || namespace;
  return (
    subject.kind === 'ServiceAccount' && home !== '' && user.name === `system:serviceaccount:${home}:${subject.name}`
  );
}

export function ruleAllows(rule: PolicyRule, { verb, resource, path = '' }: AccessRequest): boolean {
  if (!covers(rule.verbs ?? [], verb)) return false;
  if (!resource) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, path));
  const whole = resource.subresource ? `${resource.resource}/${resource.subresource}` : resource.resource;
  const resources = rule.resources ?? [];
  return (
    covers(rule.apiGroups ?? [], resource.group) &&
    (covers(resources, whole) || (resource.subresource !== '' && resources.includes(`*/${resource.subresource}`))) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(resource.name))
  );
}

const covers = (allowed: readonly string[], wanted: string): boolean =>
  allowed.includes('*') || allowed.includes(wanted);

const matchesPath = (pattern: string, path: string): boolean =>
  pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
