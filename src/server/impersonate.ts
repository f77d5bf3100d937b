// On whose behalf: the Impersonate- headers make a request somebody else's, where the caller may do that.

import type { UserInfo } from '../api/request.ts';
import { internalError } from '../api/status.ts';
import { authenticated } from './authenticate.ts';
import { type AccessRequest, type Authorizer, decide, refusal } from './authorize.ts';
import type { Stage } from './exchange.ts';
import { accountGroups } from './tokens/issuer.ts';

type Headers = Readonly<Record<string, string>>;

/** Whom the headers name. */
interface Wanted {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const extraPrefix = 'impersonate-extra-';

export const impersonate =
  (authorizers: readonly Authorizer[]): Stage =>
  (next) =>
  async (exchange) => {
    const wanted = wantedIn(exchange.request.headers);
    if (!wanted) return next(exchange);
    for (const request of checksFor(exchange.user, wanted)) {
      const decision = await decide(authorizers, request);
      if (decision.verdict !== 'allow') throw refusal(request, decision.reason);
    }
    exchange.user = userOf(wanted);
    return next(exchange);
  };

function wantedIn(headers: Headers): Wanted | undefined {
  const name = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'] ?? '';
  const groups = valuesOf(headers['impersonate-group']);
  const extra = extraOf(headers);
  if (name !== '') return { name, uid, groups, extra };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw internalError('a group, uid or extra can only be impersonated along with a user');
}

const valuesOf = (header: string | undefined): string[] => header?.split(', ') ?? [];

/** The names of extras come percent-encoded, as header names allow only few characters. */
function extraOf(headers: Headers): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (header.startsWith(extraPrefix)) extra[decoded(header.slice(extraPrefix.length))] = valuesOf(value);
  }
  return extra;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the caller must be allowed, in the order it is asked. */
function checksFor(user: UserInfo, { name, uid, groups, extra }: Wanted): AccessRequest[] {
  const check = (
    group: string,
    resource: string,
    of: string,
    more: { namespace?: string; subresource?: string } = {},
  ) => ({
    user,
    verb: 'impersonate',
    resource: { group, version: 'v1', resource, subresource: '', namespace: '', name: of, ...more },
  });
  const account = accountOf(name);
  const identity = 'authentication.k8s.io';
  return [
    account ? check('', 'serviceaccounts', account.name, { namespace: account.namespace }) : check('', 'users', name),
    ...groups.map((group) => check('', 'groups', group)),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => check(identity, 'userextras', value, { subresource: key })),
    ),
    ...(uid === '' ? [] : [check(identity, 'uids', uid)]),
  ];
}

function accountOf(name: string): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  return match ? { namespace: match[1] as string, name: match[2] as string } : undefined;
}

/** Accounts are in their groups, and everybody but the anonymous is authenticated, unless the headers say otherwise. */
function userOf({ name, uid, groups, extra }: Wanted): UserInfo {
  const account = accountOf(name);
  const own = account && groups.length === 0 ? accountGroups(account.namespace) : groups;
  const user = { name, ...(uid !== '' && { uid }), groups: own, ...(Object.keys(extra).length > 0 && { extra }) };
  if (name !== 'system:anonymous') return authenticated(user);
  return own.includes('system:unauthenticated') ? user : { ...user, groups: [...own, 'system:unauthenticated'] };
}
