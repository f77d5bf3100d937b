// What service-account tokens say: who issued them, whom they name, what they are bound to, and for how long they hold.

import type { Instant } from '../../base/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Claims } from './key-maker.ts';

/** Who says so in every token, and whom tokens are meant for when nobody says otherwise. */
export const issuer = 'https://kubernetes.default.svc.cluster.local';

interface Named {
  readonly name: string;
  readonly uid?: string;
}

/** The claims of Kubernetes' own, under `kubernetes.io`. */
export interface AccountClaims {
  readonly namespace: string;
  readonly serviceaccount: Named;
  readonly pod?: Named;
  readonly secret?: Named;
  readonly node?: Named;
  /** Seconds since the epoch: when a token that was asked for briefly, and holds longer, should have been renewed. */
  readonly warnafter?: number;
}

/** What a token is bound to: it is good only as long as these exist. */
export type Binding = Pick<AccountClaims, 'pod' | 'secret' | 'node'>;

export interface TokenTerms {
  readonly account: KubeObject;
  readonly binding: Binding;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly now: Instant;
  /** The token's own number, a uuid. */
  readonly id: string;
}

/** What kubelets ask for, which old clients that never reread their token may hold for a year. */
const renewedSeconds = 3607;
const yearSeconds = 365 * 24 * 3600;

export function claimsOf({ account, binding, audiences, expirationSeconds, now, id }: TokenTerms): Claims {
  const { name = '', namespace = '' } = account.metadata;
  const issued = Math.floor(now / 1000);
  const extended = expirationSeconds === renewedSeconds && audiences.length === 1 && audiences[0] === issuer;
  const own: AccountClaims = {
    namespace,
    ...(binding.node && { node: binding.node }),
    ...(binding.pod && { pod: binding.pod }),
    ...(binding.secret && { secret: binding.secret }),
    serviceaccount: nameOf(account),
    ...(extended && { warnafter: issued + expirationSeconds }),
  };
  return {
    aud: audiences,
    exp: issued + (extended ? yearSeconds : expirationSeconds),
    iat: issued,
    iss: issuer,
    jti: id,
    'kubernetes.io': own,
    nbf: issued,
    sub: accountUser(namespace, name),
  };
}

/** Who issued the tokens that are kept in secrets and never expire. */
export const secretIssuer = 'kubernetes/serviceaccount';

/** The claims of a token kept in a secret: flat ones, from before there were others. */
export const secretClaimsOf = (account: KubeObject, secret: string): Claims => {
  const { name = '', namespace = '', uid = '' } = account.metadata;
  return {
    iss: secretIssuer,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: accountUser(namespace, name),
  };
};

export const accountUser = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

export const accountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

export function nameOf({ metadata: { name = '', uid } }: KubeObject): Named {
  return { name, ...(uid !== undefined && { uid }) };
}
