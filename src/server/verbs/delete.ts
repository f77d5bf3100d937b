// delete and deletecollection: at once, gracefully, or only once the finalizers are gone; dependents by the chosen policy.

import { formatTime, parseTime } from '../../base/time.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { conflict, notFound, staleWrite } from '../../api/status.ts';
import { namedSchema } from '../../kinds/define.ts';
import { decodeValue, parseBody } from '../body.ts';
import { requireKind } from '../known-kinds.ts';
import { copyOf, type Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { type DeleteOptions, deleteOptionsFrom, deleteOptionsOf, givenDeleteOptions } from '../options.ts';
import { selectionOf } from '../selection.ts';
import type { Server } from '../server.ts';
import type { Stored } from '../stored.ts';
import { admit, attributesOf, commit, commitDeletion, type WriteContext, writeContext } from './commit.ts';
import { asStoredNow, viewOf } from './conversion.ts';
import { chosen, list } from './read.ts';
import type { ListResult, ObjectResult, OtherResult, Result } from './result.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
const mostTries = 64;

export async function deleteOne(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const options = optionsOf(exchange);
  return remove(server, contextOf(exchange, target, options), options);
}

export async function deleteCollection(
  server: Server,
  exchange: Exchange,
  target: ResourceTarget,
): Promise<ListResult> {
  const options = optionsOf(exchange);
  const { query } = exchange.request;
  const cache = await server.caches.of(target.served.kind);
  const listed =
    query.has('limit') || query.has('continue')
      ? (await list(server, target, query)).items
      : await chosen(target.served, cache, selectionOf(target.served.kind, target.namespace, '', query));
  for (const { object } of listed) {
    const one = { ...target, name: object.metadata.name ?? '', namespace: object.metadata.namespace ?? '' };
    await remove(server, contextOf(exchange, one, options), options, 'nameless').catch(ignoreNotFound);
  }
  return { type: 'list', items: listed, revision: server.store.revision() };
}

function ignoreNotFound(error: unknown): void {
  if ((error as { code?: number }).code !== 404) throw error;
}

const contextOf = (exchange: Exchange, target: ResourceTarget, options: DeleteOptions): WriteContext =>
  writeContext(exchange, target, { dryRun: options.dryRun, given: givenDeleteOptions(options) });

/** A body counts whole: the query is then not looked at. */
function optionsOf(exchange: Exchange): DeleteOptions {
  const { request } = exchange;
  const empty = request.body === undefined || (request.body instanceof Uint8Array && request.body.length === 0);
  if (empty) return deleteOptionsOf(request.query);
  const expected = {
    group: '',
    version: 'v1',
    kind: 'DeleteOptions',
    schema: namedSchema('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'),
  };
  const parsed = parseBody(request, expected, false);
  if (parsed.value.kind !== undefined) requireKind({ ...parsed.value, apiVersion: 'v1' }, expected);
  return deleteOptionsFrom(decodeValue(parsed, expected, 'Ignore', () => {}));
}

/** How admission is asked about a deletion: those of a whole collection name nothing, and an eviction has been asked about itself. */
type Asking = 'named' | 'nameless' | 'asked';

/** Begins or ends the deletion of one object. */
export async function remove(
  server: Server,
  context: WriteContext,
  options: DeleteOptions,
  asking: Asking = 'named',
): Promise<ObjectResult | OtherResult> {
  const { target } = context;
  const { kind } = target.served;
  const cache = await server.caches.of(kind);
  const { deletionWarning } = kind.behaviour;
  const undecided = options.propagationPolicy === undefined && options.orphanDependents === undefined;
  if (deletionWarning && undecided) context.warn(deletionWarning);
  for (let tries = mostTries; tries > 0; tries--) {
    const stored = cache.stored(target.namespace, target.name);
    if (!stored) throw notFound(target, target.name);
    requirePreconditions(kind, stored.object, options);
    if (asking !== 'asked')
      await askAbout(
        server,
        context,
        await viewOf(target.served, stored.object),
        asking === 'named' ? target.name : '',
      );
    const result = await removeOnce(server, context, options, stored);
    if (!result) continue;
    const { user, agent, dryRun } = context;
    if (!dryRun) server.witness?.(stored.object, { user: user.name, agent, evicted: asking === 'asked' });
    return result;
  }
  throw staleWrite(target, target.name);
}

async function askAbout(server: Server, context: WriteContext, object: KubeObject, name: string): Promise<void> {
  const attributes = attributesOf(context, 'DELETE', name, undefined, object);
  await admit(server, 'mutate', attributes);
  await admit(server, 'validate', attributes);
}

async function removeOnce(
  server: Server,
  context: WriteContext,
  options: DeleteOptions,
  stored: Stored,
): Promise<ObjectResult | OtherResult | undefined> {
  const { kind } = context.target.served;
  const plan = planDeletion(kind, await asStoredNow(kind, stored.object), options, server.clock.now());
  // Who asks in the old way for dependents to go as well is told that it will take a while.
  const code = options.orphanDependents === false ? 202 : 200;
  if (plan.step === 'wait') return { type: 'object', code, object: stored.object, stored };
  if (plan.step === 'mark') {
    if (context.dryRun) return { type: 'object', code, object: plan.draft };
    const marked = await commit(server, kind, plan.draft, stored);
    return marked && { type: 'object', code, object: marked.object, stored: marked };
  }
  return deleted(server, context, plan.last, stored);
}

type Plan =
  /** It is being deleted already, and this request changes nothing. */
  | { readonly step: 'wait' }
  | { readonly step: 'mark'; readonly draft: Draft }
  | { readonly step: 'go'; readonly last: KubeObject };

/** What a deletion means for the object: pure. */
export function planDeletion(kind: Kind, object: KubeObject, options: DeleteOptions, now: number): Plan {
  const draft = copyOf(object) as Draft;
  const grace = gracePeriod(kind, object, options);
  const finalizers = finalizersAfter(kind, object, options);
  const { departure } = kind.behaviour;
  const keeps = finalizers.length > 0 || departure?.holds?.(object) === true;
  const finalizersChange = finalizers.join() !== (object.metadata.finalizers ?? []).join();
  setFinalizers(draft, finalizers);

  if (object.metadata.deletionTimestamp !== undefined) {
    const left = object.metadata.deletionGracePeriodSeconds;
    const shorter = left !== undefined && grace < left;
    if (!shorter && !finalizersChange) return grace === 0 && !keeps ? { step: 'go', last: draft } : { step: 'wait' };
    if (shorter) markDeleted(draft, grace, deletionStart(object) + grace * 1000);
    return grace === 0 && !keeps ? { step: 'go', last: draft } : { step: 'mark', draft };
  }
  if (grace === 0 && !keeps) return { step: 'go', last: markIfGraceful(kind, draft, now) };
  markDeleted(draft, departure?.holds ? undefined : grace, now + grace * 1000);
  departure?.mark(draft, formatTime(now));
  return { step: 'mark', draft };
}

/** Kinds with graceful deletion answer with the object as if it had been marked. */
function markIfGraceful(kind: Kind, draft: Draft, now: number): KubeObject {
  if (kind.behaviour.gracefulDeletion) markDeleted(draft, 0, now);
  return draft;
}

const deletionStart = (object: KubeObject): number =>
  (parseTime(object.metadata.deletionTimestamp ?? '') ?? 0) - (object.metadata.deletionGracePeriodSeconds ?? 0) * 1000;

function gracePeriod(kind: Kind, object: KubeObject, options: DeleteOptions): number {
  const graceful = kind.behaviour.gracefulDeletion;
  if (!graceful) return 0;
  if (object.metadata.deletionTimestamp !== undefined && options.gracePeriodSeconds === undefined) {
    return object.metadata.deletionGracePeriodSeconds ?? 0;
  }
  return graceful(object, options.gracePeriodSeconds).gracePeriodSeconds;
}

function finalizersAfter(kind: Kind, object: KubeObject, options: DeleteOptions): readonly string[] {
  const own = object.metadata.deletionTimestamp === undefined ? kind.behaviour.departure?.finalizer : undefined;
  const given = object.metadata.finalizers ?? [];
  const present = own && !given.includes(own) ? [...given, own] : given;
  const policy = policyOf(kind, object, options);
  if (policy === undefined) return present;
  const others = present.filter((each) => each !== orphanFinalizer && each !== foregroundFinalizer);
  const added = policy === 'Orphan' ? orphanFinalizer : policy === 'Foreground' ? foregroundFinalizer : undefined;
  if (added && present.includes(added)) return present.filter((each) => others.includes(each) || each === added);
  return added ? [...others, added] : others;
}

/** Undefined: the finalizers that are there already decide. */
function policyOf(kind: Kind, object: KubeObject, options: DeleteOptions): DeleteOptions['propagationPolicy'] {
  if (options.propagationPolicy) return options.propagationPolicy;
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  const present = object.metadata.finalizers ?? [];
  if (present.includes(orphanFinalizer) || present.includes(foregroundFinalizer)) return undefined;
  return kind.behaviour.defaultPropagation === 'Orphan' ? 'Orphan' : undefined;
}

function setFinalizers(draft: Draft, finalizers: readonly string[]): void {
  if (finalizers.length > 0) draft.metadata.finalizers = [...finalizers];
  else delete draft.metadata.finalizers;
}

function markDeleted(draft: Draft, graceSeconds: number | undefined, at: number): void {
  const { metadata } = draft;
  if (metadata.deletionTimestamp === undefined && metadata.generation !== undefined) metadata.generation++;
  metadata.deletionTimestamp = formatTime(at);
  if (graceSeconds !== undefined) metadata.deletionGracePeriodSeconds = graceSeconds;
}

function requirePreconditions(kind: Kind, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const about = { group: '', resource: kind.kind };
  const name = object.metadata.name ?? '';
  const again = 'The object might have been deleted and then recreated';
  if (uid !== undefined && uid !== object.metadata.uid) {
    throw conflict(
      about,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). ${again}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
    throw conflict(
      about,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${object.metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** An update took the last finalizer of an object that was being deleted: it goes. */
export async function finishDeletion(
  server: Server,
  context: WriteContext,
  draft: Draft,
  previous: Stored,
): Promise<ObjectResult | undefined> {
  if (context.dryRun) return { type: 'object', code: 200, object: draft };
  const revision = await commitDeletion(server, context.target.served.kind, previous);
  if (revision === undefined) return undefined;
  return {
    type: 'object',
    code: 200,
    object: { ...draft, metadata: { ...draft.metadata, resourceVersion: String(previous.revision) } },
  };
}

async function deleted(
  server: Server,
  context: WriteContext,
  last: KubeObject,
  previous: Stored,
): Promise<ObjectResult | OtherResult | undefined> {
  const { kind } = context.target.served;
  const revision = context.dryRun ? previous.revision : await commitDeletion(server, kind, previous);
  if (revision === undefined) return undefined;
  if (kind.behaviour.returnsDeleted || kind.behaviour.gracefulDeletion) {
    const metadata = { ...last.metadata, resourceVersion: String(revision) };
    return { type: 'object', code: 200, object: { ...last, metadata } };
  }
  const { name = '', uid = '' } = last.metadata;
  return {
    type: 'other',
    code: 200,
    object: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, ...(kind.group && { group: kind.group }), kind: kind.plural, uid },
    },
  };
}
