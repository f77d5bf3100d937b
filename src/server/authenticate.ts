// Who is asking: the first authenticator that knows the caller decides; a wrong credential is refused, none at all is anonymous.

import type { ApiRequest, UserInfo } from '../api/request.ts';
import { unauthorized } from '../api/status.ts';
import type { Stage } from './exchange.ts';

/** Undefined: this credential is not of its kind. Rejecting: of its kind, and wrong. */
export type Authenticator = (request: ApiRequest) => Promise<UserInfo | undefined> | UserInfo | undefined;

export const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export const authenticate =
  (authenticators: readonly Authenticator[]): Stage =>
  (next) =>
  async (exchange) => {
    exchange.user = await userOf(exchange.request, authenticators);
    return next(exchange);
  };

async function userOf(request: ApiRequest, authenticators: readonly Authenticator[]): Promise<UserInfo> {
  if (request.user) return authenticated(request.user);
  for (const authenticator of authenticators) {
    const user = await authenticator(request);
    if (user) return authenticated(user);
  }
  if (bearerToken(request) !== undefined) throw unauthorized();
  return anonymous;
}

const authenticated = (user: UserInfo): UserInfo =>
  user.groups.includes('system:authenticated') ? user : { ...user, groups: [...user.groups, 'system:authenticated'] };

export function bearerToken(request: ApiRequest): string | undefined {
  const match = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
  return match?.[1];
}

/** Bearer tokens from a file in kube-apiserver's CSV form: token,user,uid,"group1,group2". */
export function staticTokens(csv: string): Authenticator {
  const users = new Map(csv.split(/\r?\n/).flatMap((line, at) => tokenLine(line, at + 1)));
  return (request) => users.get(bearerToken(request) ?? '');
}

function tokenLine(line: string, number: number): [string, UserInfo][] {
  if (line.trim() === '' || line.startsWith('#')) return [];
  const fields = [...line.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)].map((match) =>
    (match[1]?.replace(/""/g, '"') ?? match[2] ?? '').trim(),
  );
  const [token, name, uid, groups] = fields;
  if (!token || !name || !uid) {
    throw new Error(
      `token file, line ${number}: wants at least three columns: token,user,uid and perhaps "group1,group2"`,
    );
  }
  return [[token, { name, uid, groups: groups ? groups.split(',').map((group) => group.trim()) : [] }]];
}
