// serviceaccounts/token: a signed token for an account, for some audiences, for some time, perhaps bound to a Pod, Secret or Node.

import { formatTime } from '../../base/time.ts';
import { managedAfterUpdate } from '../../api/apply.ts';
import { invalid, invalidObject, type Issue } from '../../api/issues.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { badRequest, conflict, notFound, notModelled } from '../../api/status.ts';
import { Node } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { Secret } from '../../kinds/core/secret.ts';
import type { BoundObjectReference, TokenRequest } from '../../kinds/generated/types/authentication-v1.ts';
import type { Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { type Binding, claimsOf, issuer, nameOf } from '../tokens/issuer.ts';
import { admit, attributesOf, setManagedFields, writeContext } from '../verbs/commit.ts';
import { requireNamespace } from '../verbs/create.ts';
import type { Result } from '../verbs/result.ts';
import { expectedBy, readBody } from './body.ts';

const apiVersion = 'authentication.k8s.io/v1';
const shortestSeconds = 600;
const longestSeconds = 2 ** 32;
const usualSeconds = 3600;

export async function token(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const { keys, clock, random } = server;
  if (!keys) throw notModelled('signing tokens without a key');
  const options = writeOptions('CreateOptions', exchange.request.query, exchange.request.headers['user-agent']);
  const expected = expectedBy(target);
  const body = readBody(exchange, expected, options) as Draft & TokenRequest;
  const request = { ...body, apiVersion, kind: expected.kind, metadata: body.metadata ?? {} } as Draft & TokenRequest;
  request.spec ??= { audiences: [] };
  request.spec.boundObjectRef ??= null as never;
  request.spec.expirationSeconds ??= usualSeconds;
  requireNamespace(target, request);
  own(request, options.manager);
  const attributes = attributesOf(writeContext(exchange, target, options), 'CREATE', target.name, request, undefined);
  await admit(server, 'mutate', attributes);
  await admit(server, 'validate', attributes);
  const account = (await server.caches.of(target.served.kind)).mirror.get(target.name, target.namespace);
  if (!account) throw notFound(target, target.name);
  identify(request, account);
  if (!request.spec.audiences?.length) request.spec.audiences = [issuer];
  requireValid(request.spec.expirationSeconds);
  const { boundObjectRef } = request.spec;
  const binding = boundObjectRef ? await bind(server, target, boundObjectRef) : {};
  const { audiences, expirationSeconds } = request.spec;
  const now = clock.now();
  const claims = claimsOf({ account, binding, audiences, expirationSeconds, now, id: random.uuid() });
  request.status = { token: await keys.sign(claims), expirationTimestamp: formatTime(now + expirationSeconds * 1000) };
  return { type: 'other', code: 201, object: request };

  function own(draft: Draft, manager: string): void {
    const managed = managedAfterUpdate({
      live: undefined,
      next: draft,
      schema: expected.schema,
      manager,
      apiVersion,
      subresource: 'token',
      now: clock.now(),
    });
    setManagedFields(draft, managed);
  }
}

/** The request takes over the name of the account it is for. */
function identify(request: Draft & TokenRequest, account: KubeObject): void {
  const { metadata } = request;
  const { name = '', creationTimestamp, uid } = account.metadata;
  if (metadata.name && metadata.name !== name) {
    throw refused(name, invalid('metadata.name', metadata.name, 'must match the service account name if specified'));
  }
  metadata.name = name;
  if (creationTimestamp !== undefined) metadata.creationTimestamp = creationTimestamp;
  if (uid !== undefined) metadata.uid = uid;
}

function requireValid(seconds: number): void {
  const wrong = (detail: string) => refused('', invalid('spec.expirationSeconds', seconds, detail));
  if (seconds < shortestSeconds) throw wrong('may not specify a duration less than 10 minutes');
  if (seconds > longestSeconds) throw wrong('may not specify a duration larger than 2^32 seconds');
}

const refused = (name: string, issue: Issue) => invalidObject('TokenRequest', 'authentication.k8s.io', name, [issue]);

/** Looks up what a token is to be bound to; it must be there, and be the one that was meant. */
async function bind(server: Server, target: ResourceTarget, ref: BoundObjectReference): Promise<Binding> {
  const { kind = '', apiVersion = '', name = '', uid } = ref;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const find = (of: unknown, namespace: string) => found(server, of as Kind, name, namespace);
  const { object, binding } = await bound();
  if (uid && uid !== object.metadata.uid) {
    throw conflict(
      { group, resource: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return binding;

  async function bound(): Promise<{ object: KubeObject; binding: Binding }> {
    if (group === '' && kind === 'Secret') {
      const object = await find(Secret, target.namespace);
      return { object, binding: { secret: nameOf(object) } };
    }
    if (group === '' && kind === 'Node') {
      const object = await find(Node, '');
      return { object, binding: { node: nameOf(object) } };
    }
    if (group !== '' || kind !== 'Pod') {
      const version = group ? apiVersion.slice(group.length + 1) : apiVersion;
      throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
    }
    const pod = (await find(Pod, target.namespace)) as Pod;
    if (pod.spec.serviceAccountName !== target.name) {
      throw badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(target.name)} to pod running with different serviceaccount name.`,
      );
    }
    return { object: pod, binding: { pod: nameOf(pod), ...(await nodeOf(server, pod)) } };
  }
}

/** A pod's token also names its node, known by no more than its name when it has gone. */
async function nodeOf(server: Server, pod: Pod): Promise<Pick<Binding, 'node'>> {
  const { nodeName } = pod.spec;
  if (!nodeName) return {};
  const node = (await server.caches.of(Node as never)).mirror.get(nodeName);
  return { node: node ? nameOf(node) : { name: nodeName } };
}

async function found(server: Server, kind: Kind, name: string, namespace: string): Promise<KubeObject> {
  const object = (await server.caches.of(kind)).mirror.get(name, namespace);
  if (!object) throw notFound({ group: kind.group, resource: kind.plural }, name);
  return object;
}
