// Who is asking: the first authenticator that knows the caller decides; a wrong credential is refused, none at all is anonymous.

import type { ApiRequest, UserInfo } from '../api/request.ts';
import { unauthorized } from '../api/status.ts';
import type { Stage } from './exchange.ts';
import { issuer } from './tokens/issuer.ts';

/** Whom a token names. */
export interface Authentication {
  readonly user: UserInfo;
  /** Of the audiences asked for, those the token is meant for. */
  readonly audiences: readonly string[];
}

/** A token of an authenticator's own kind that is no good; the message is for reviews. */
export class TokenFault extends Error {}

/** Undefined: this token is not of its kind. Throwing a TokenFault: of its kind, and wrong. */
export type Authenticator = (
  token: string,
  audiences: readonly string[],
) => Promise<Authentication | undefined> | Authentication | undefined;

export type TokenAnswer = { readonly known: Authentication } | { readonly faults: readonly string[] };

/** What a token must be meant for to open this server. */
export const serverAudiences: readonly string[] = [issuer];

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
  const token = bearerToken(request);
  if (token === undefined) return anonymous;
  const answer = await authenticateToken(authenticators, token, serverAudiences);
  if ('faults' in answer) throw unauthorized();
  return answer.known.user;
}

/** Asks the authenticators in order. */
export async function authenticateToken(
  authenticators: readonly Authenticator[],
  token: string,
  audiences: readonly string[],
): Promise<TokenAnswer> {
  const faults = ['invalid bearer token'];
  for (const authenticator of authenticators) {
    try {
      const known = await authenticator(token, audiences);
      if (known) return { known: { ...known, user: authenticated(known.user) } };
    } catch (error) {
      if (!(error instanceof TokenFault)) throw error;
      faults.push(error.message);
    }
  }
  return { faults };
}

export const authenticated = (user: UserInfo): UserInfo =>
  user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] };

export function bearerToken(request: ApiRequest): string | undefined {
  const match = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
  return match?.[1];
}

/** Bearer tokens from a file in kube-apiserver's CSV form: token,user,uid,"group1,group2". They are meant for this server alone. */
export function staticTokens(csv: string): Authenticator {
  const users = new Map(csv.split(/\r?\n/).flatMap((line, at) => tokenLine(line, at + 1)));
  return (token, audiences) => {
    const user = users.get(token);
    const meant = audiences.filter((audience) => serverAudiences.includes(audience));
    return user && meant.length > 0 ? { user, audiences: meant } : undefined;
  };
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
