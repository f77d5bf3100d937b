// Recognises service-account tokens: signed by us, in time, for one of the audiences, and of an account that still exists.

import { bytesOfBase64, textOf } from '../../base/bytes.ts';
import { parseTime } from '../../base/time.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Kind } from '../../api/kind.ts';
import type { UserInfo } from '../../api/request.ts';
import { Node } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { Secret } from '../../kinds/core/secret.ts';
import { ServiceAccount } from '../../kinds/core/service-account.ts';
import { type Authentication, type Authenticator, TokenFault } from '../authenticate.ts';
import type { Server } from '../server.ts';
import { type AccountClaims, accountGroups, accountUser, issuer, secretIssuer } from './issuer.ts';
import type { Claims, KeyMaker } from './key-maker.ts';

/** Clocks may differ by this much, in seconds. */
const leewaySeconds = 60;
/** An object that is going may still use its token for a moment after its grace period ends. */
const deletionLeewayMs = leewaySeconds * 1000;

type Find = (kind: unknown, name: string, namespace?: string) => Promise<KubeObject | undefined>;

export function serviceAccountTokens(server: Server, keys: KeyMaker): Authenticator {
  const find: Find = async (kind, name, namespace = '') =>
    (await server.caches.of(kind as Kind)).mirror.get(name, namespace);
  return async (token, audiences) => {
    if (!hasOurForm(token)) return undefined;
    const claims = await keys.verify(token);
    if (claims?.iss === secretIssuer) return fromSecret(find, token, { claims, audiences, now: server.clock.now() });
    if (!claims || claims.iss !== issuer) return undefined;
    const own = claims['kubernetes.io'] as AccountClaims;
    const meant = audiencesFor(claims, audiences);
    requireTime(claims, server.clock.now() / 1000);
    await requireAlive(find, own, server.clock.now());
    return { user: userOf(claims, own), audiences: meant };
  };
}

interface Presented {
  readonly claims: Claims;
  readonly audiences: readonly string[];
  readonly now: number;
}

/** A token that is kept in a secret is good as long as that secret holds it. */
async function fromSecret(find: Find, token: string, { claims, audiences, now }: Presented): Promise<Authentication> {
  const claim = (name: string) => (claims[`kubernetes.io/serviceaccount/${name}`] ?? '') as string;
  const secretName = claim('secret.name');
  const own: AccountClaims = {
    namespace: claim('namespace'),
    serviceaccount: { name: claim('service-account.name'), uid: claim('service-account.uid') },
  };
  const meant = audiencesFor({ aud: [issuer] }, audiences);
  await requireAlive(find, own, now);
  const secret = (await find(Secret, secretName, own.namespace)) as Secret | undefined;
  if (!secret || isGoing(secret, now)) throw new TokenFault('service account token has been invalidated');
  if (textOf(bytesOfBase64(secret.data?.token ?? '') ?? new Uint8Array()) !== token)
    throw new TokenFault("service account token does not match server's copy");
  return { user: userOf({}, own), audiences: meant };
}

const hasOurForm = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);

function audiencesFor(claims: Claims, wanted: readonly string[]): string[] {
  const own = claims.aud as readonly string[];
  const meant = wanted.filter((audience) => own.includes(audience));
  if (meant.length > 0) return meant;
  const listed = (audiences: readonly string[]) => `[${audiences.map((each) => JSON.stringify(each)).join(' ')}]`;
  throw new TokenFault(`token audiences ${listed(own)} is invalid for the target audiences ${listed(wanted)}`);
}

function requireTime({ exp, nbf }: Claims, now: number): void {
  if (now > (exp as number) + leewaySeconds) throw new TokenFault('service account token has expired');
  if (now < (nbf as number) - leewaySeconds) throw new TokenFault('service account token is not valid yet');
}

/** A token goes with its account, and with whatever it is bound to. */
async function requireAlive(find: Find, own: AccountClaims, now: number): Promise<void> {
  const { namespace, serviceaccount, pod, secret, node } = own;
  const invalidated = () => new TokenFault('service account token has been invalidated');
  const account = await find(ServiceAccount, serviceaccount.name, namespace);
  if (!account) throw new TokenFault(`serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`);
  if (isGoing(account, now)) throw new TokenFault('service account token has been invalidated');
  if (account.metadata.uid !== serviceaccount.uid) {
    throw new TokenFault(`service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`);
  }
  if (secret && !isSame(await find(Secret, secret.name, namespace), secret.uid, now)) throw invalidated();
  if (pod && !isSame(await find(Pod, pod.name, namespace), pod.uid, now)) throw invalidated();
  if (node && !pod && !isSame(await find(Node, node.name), node.uid, now)) throw invalidated();
}

const isSame = (object: KubeObject | undefined, uid: string | undefined, now: number): boolean =>
  object !== undefined && object.metadata.uid === uid && !isGoing(object, now);

function isGoing({ metadata: { deletionTimestamp } }: KubeObject, now: number): boolean {
  return deletionTimestamp !== undefined && (parseTime(deletionTimestamp) ?? 0) + deletionLeewayMs < now;
}

function userOf({ jti }: Claims, { namespace, serviceaccount, pod, node }: AccountClaims): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  const add = (name: string, value: string | undefined) => {
    if (value) extra[`authentication.kubernetes.io/${name}`] = [value];
  };
  add('credential-id', typeof jti === 'string' ? `JTI=${jti}` : undefined);
  add('node-name', node?.name);
  add('node-uid', node?.uid);
  add('pod-name', pod?.name);
  add('pod-uid', pod?.uid);
  return {
    name: accountUser(namespace, serviceaccount.name),
    ...(serviceaccount.uid !== undefined && { uid: serviceaccount.uid }),
    groups: accountGroups(namespace),
    extra,
  };
}
