// Who is asking: the first authenticator that knows the caller decides; a wrong credential is refused, none at all is anonymous.

import { bytesOfBase64Url, textOf } from '../base/bytes.ts';
import type { ApiRequest, UserInfo } from '../api/request.ts';
import { unauthorized } from '../api/status.ts';
import type { Exchange, Stage } from './exchange.ts';
import { offeredProtocols, wantsWebsocket } from './streaming/negotiate.ts';
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
    return next(withoutToken(exchange));
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

function bearerToken({ headers }: ApiRequest): string | undefined {
  const match = /^bearer +(\S+)$/i.exec(headers.authorization ?? '');
  return match?.[1] ?? (wantsWebsocket(headers) ? protocolToken(headers) : undefined);
}

/** Pages cannot set headers of a WebSocket: they name their token as a protocol, in base64url, besides the one they speak. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

/** @throws ApiError where it is no token, or the only protocol, or one of several */
function protocolToken(headers: ApiRequest['headers']): string | undefined {
  const offered = offeredProtocols(headers);
  const [named, ...others] = offered.filter((each) => each.startsWith(tokenProtocol));
  if (named === undefined) return undefined;
  const token = bytesOfBase64Url(named.slice(tokenProtocol.length));
  if (!token || others.length > 0 || (token.length > 0 && offered.length === 1)) throw unauthorized();
  return token.length > 0 ? textOf(token) : undefined;
}

/** What is spoken is for later stages to choose, of the protocols that are left. */
function withoutToken(exchange: Exchange): Exchange {
  const { request } = exchange;
  if (request.user || request.headers.authorization || !wantsWebsocket(request.headers)) return exchange;
  const offered = offeredProtocols(request.headers);
  const kept = offered.filter((each) => !each.startsWith(tokenProtocol));
  if (kept.length === offered.length) return exchange;
  const headers = { ...request.headers, 'sec-websocket-protocol': kept.join(',') };
  return { ...exchange, request: { ...request, headers } };
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
