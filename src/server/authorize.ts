// May they: the authorizers are asked in order, the first that has an opinion decides, and nobody's opinion is a no.

import { type FieldRequirement, parseFieldSelector } from '../base/selectors.ts';
import type { UserInfo } from '../api/request.ts';
import { ApiError, forbidden } from '../api/status.ts';
import type { Exchange, Stage } from './exchange.ts';

/** What somebody wants to do. */
export interface AccessRequest {
  readonly user: UserInfo;
  readonly verb: string;
  /** For requests about resources. */
  readonly resource?: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string;
    readonly name: string;
    /** What a list, watch or deletecollection is narrowed to. */
    readonly fieldSelector?: readonly FieldRequirement[];
  };
  /** For all others. */
  readonly path?: string;
}

export interface Decision {
  readonly verdict: 'allow' | 'deny' | 'no-opinion';
  /** Why, in words for the audit trail, reviews and refusals. */
  readonly reason: string;
}

export type Authorizer = (request: AccessRequest) => Decision | Promise<Decision>;

export async function decide(authorizers: readonly Authorizer[], request: AccessRequest): Promise<Decision> {
  const reasons: string[] = [];
  for (const authorizer of authorizers) {
    const decision = await authorizer(request);
    if (decision.verdict !== 'no-opinion') return decision;
    if (decision.reason) reasons.push(decision.reason);
  }
  return { verdict: 'no-opinion', reason: reasons.join('\n') };
}

export const authorize =
  (authorizers: readonly Authorizer[]): Stage =>
  (next) =>
  async (exchange) => {
    const request = accessOf(exchange);
    const decision = await decide(authorizers, request);
    exchange.annotations.set('authorization.k8s.io/decision', decision.verdict === 'allow' ? 'allow' : 'forbid');
    exchange.annotations.set('authorization.k8s.io/reason', decision.reason);
    if (decision.verdict !== 'allow') throw refusal(request, decision.reason);
    return next(exchange);
  };

function accessOf({ target, user, request }: Exchange): AccessRequest {
  if (target.type === 'resource') {
    const { group, version, resource, subresource, namespace, name, verb } = target;
    const home = homeOf(group, resource, namespace, name);
    const asked = { group, version, resource, subresource, namespace: home, name };
    return { user, verb, resource: many.has(verb) ? narrowed(asked, request.query) : asked };
  }
  const { unserved } = target;
  if (unserved) return { user, verb: unserved.verb, resource: unserved };
  return { user, verb: target.verb, path: target.path };
}

/** A namespace counts as lying in itself, so that a role in it can give rights to it. */
const homeOf = (group: string, resource: string, namespace: string, name: string): string =>
  group === '' && resource === 'namespaces' ? name : namespace;

const many = new Set(['list', 'watch', 'deletecollection']);

type Asked = NonNullable<AccessRequest['resource']>;

/** A list of the one object of some name counts as a request for that object. */
function narrowed(asked: Asked, query: URLSearchParams): Asked {
  const text = query.get('fieldSelector') ?? '';
  if (text === '') return asked;
  const fieldSelector = requirementsOf(text);
  const only = fieldSelector.find(({ field, operator }) => field === 'metadata.name' && operator === '=')?.value;
  return { ...asked, name: asked.name || (only ?? ''), fieldSelector };
}

/** What cannot be read is refused later, by whoever needs it. */
function requirementsOf(text: string): readonly FieldRequirement[] {
  try {
    return parseFieldSelector(text);
  } catch {
    return [];
  }
}

/** The refusal in Kubernetes' words. */
export function refusal(request: AccessRequest, reason: string): ApiError {
  const { user, verb, resource, path = '' } = request;
  const because = reason ? `: ${reason}` : '';
  if (!resource) {
    return new ApiError(
      403,
      'Forbidden',
      `forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}${because}`,
      {},
    );
  }
  const what = resource.subresource ? `${resource.resource}/${resource.subresource}` : resource.resource;
  const where = resource.namespace
    ? ` in the namespace ${JSON.stringify(resource.namespace)}`
    : ' at the cluster scope';
  return forbidden(
    { group: resource.group, resource: resource.resource },
    resource.name,
    `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(resource.group)}${where}${because}`,
  );
}

/** Refuses who may not create what an update or an apply would create. */
export async function requireCreate(
  access: { decide(request: AccessRequest): Promise<Decision> },
  user: UserInfo,
  { group, version, resource, namespace, name }: Omit<Asked, 'subresource'>,
): Promise<void> {
  const home = homeOf(group, resource, namespace, name);
  const asked = { group, version, resource, namespace: home, name, subresource: '' };
  const request: AccessRequest = { user, verb: 'create', resource: asked };
  const decision = await access.decide(request);
  if (decision.verdict !== 'allow') throw refusal(request, decision.reason);
}

/** Members of system:masters may do anything, whatever the roles say. */
export const systemMasters: Authorizer = ({ user }) =>
  user.groups.includes('system:masters') ? { verdict: 'allow', reason: '' } : { verdict: 'no-opinion', reason: '' };
