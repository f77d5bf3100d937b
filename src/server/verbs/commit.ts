// The last steps every write shares: checks in the order of upstream, admission, field ownership, and the commit itself.

import { deepEqual } from '../../base/equal.ts';
import { formatTime } from '../../base/time.ts';
import type { Kind } from '../../api/kind.ts';
import { invalidObject, type Issue } from '../../api/issues.ts';
import { forgetEmptyLists } from '../../api/empty-lists.ts';
import { differInTimesOnly, managedAfterUpdate } from '../../api/apply.ts';
import { fits } from '../../api/apply-validation.ts';
import type { KubeObject } from '../../api/object.ts';
import { ApiError } from '../../api/status.ts';
import type { UserInfo } from '../../api/request.ts';
import type { ObjectSchema } from '../../api/schema.ts';
import { apiVersionOf, everyVersion } from '../../api/kind.ts';
import type { Attributes, Operation } from '../admission/plugin.ts';
import { copyOf, type Draft, fromHub, hubOf, isHub, toHub } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { AdmissionPhase, AdmissionTimer } from '../metrics/admission-metrics.ts';
import { type GivenOptions, programOf, type WriteOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { encodeStored, keyOf, type Stored } from '../stored.ts';
import { acrossVersions } from './conversion.ts';
import { splitAtReplicas } from './scale-owners.ts';

/** Who writes what, how: everything about a write but the object. */
export interface WriteContext {
  readonly target: ResourceTarget;
  readonly user: UserInfo;
  readonly manager: string;
  /** The client's program. */
  readonly agent: string;
  readonly dryRun: boolean;
  readonly given: GivenOptions;
  warn(text: string): void;
  annotate(key: string, value: string): void;
}

/** The context of a request's write. */
export const writeContext = (
  { request, user, warnings, annotations }: Exchange,
  target: ResourceTarget,
  { dryRun, given, manager = '' }: Pick<WriteOptions, 'dryRun' | 'given'> & { readonly manager?: string },
): WriteContext => ({
  target,
  user,
  manager,
  agent: programOf(request.headers['user-agent']),
  dryRun,
  given,
  warn: (text) => void warnings.add(text),
  annotate: (key, value) => void annotations.set(key, value),
});

/** Field ownership after a write that is not an apply, in terms of the version the client speaks. A promise where others convert objects. */
export function ownFields(
  server: Server,
  context: WriteContext,
  live: KubeObject | undefined,
  next: Draft,
): void | Promise<void> {
  const { served, subresource } = context.target;
  const { kind, version } = served;
  const [before, after] = [live && fromHub(kind, version, live), fromHub(kind, version, next)];
  if (kind.custom && !(fits(after, version.schema) && (!before || fits(before, version.schema)))) {
    // Nobody can own parts of what is not as the schema says.
    setManagedFields(next, undefined);
    return;
  }
  const managed = acrossVersions(kind, (look) =>
    managedAfterUpdate({
      live: before,
      next: after,
      schema: version.schema,
      manager: context.manager,
      apiVersion: apiVersionOf({ group: kind.group, version: version.version }),
      ...(subresource && { subresource }),
      now: server.clock.now(),
      inVersion: look,
      ...resetFieldsOf(kind.storedAs ?? kind, subresource),
    }),
  );
  const replicas = subresource === 'scale' && (kind.storedAs ?? kind).behaviour.scale?.replicas;
  const own = (entries: ReturnType<typeof managedAfterUpdate>) =>
    setManagedFields(next, replicas ? entries?.flatMap((entry) => splitAtReplicas(entry, replicas)) : entries);
  return managed instanceof Promise ? managed.then(own).catch(disown(next)) : own(managed);
}

/** Where whoever converts objects fails, nobody owns anything; the write goes on. */
const disown =
  (next: Draft) =>
  (error: unknown): void => {
    if (!(error instanceof ApiError)) throw error;
    setManagedFields(next, undefined);
  };

/** An object of any served version in another one; undefined where that is not served. */
export function inVersion(
  kind: Kind,
  object: KubeObject,
  apiVersion: string,
): { object: KubeObject; schema: ObjectSchema } | undefined {
  const find = (wanted: string) =>
    everyVersion(kind).find(({ version }) => apiVersionOf({ group: kind.group, version }) === wanted);
  const [from, to] = [find(object.apiVersion ?? ''), find(apiVersion)];
  if (!from || !to) return undefined;
  const hub = isHub(kind, from) ? object : toHub(kind, from, copyOf(object) as Draft);
  return { object: fromHub(kind, to, hub), schema: to.schema };
}

export function setManagedFields(draft: Draft, managed: KubeObject['metadata']['managedFields']): void {
  if (managed && managed.length > 0) draft.metadata.managedFields = managed;
  else delete draft.metadata.managedFields;
}

export const hubSchema = (keeper: Kind): ObjectSchema => hubOf(keeper).schema;

/** Fields a write never owns: by default the status through the main resource, and all but the status through /status. */
export function resetFieldsOf(kind: Kind, subresource: string): { resetFields?: readonly string[] } {
  const own = kind.behaviour.resetFields?.[subresource];
  if (own) return { resetFields: own };
  if (!kind.subresources.some(({ name }) => name === 'status')) return {};
  if (subresource === 'status') return { resetFields: ['spec'] };
  return subresource === '' ? { resetFields: ['status'] } : {};
}

/** Asks all plugins; those that change objects a second time where one of them wishes it. */
export async function admit(server: Server, phase: AdmissionPhase, attributes: Attributes): Promise<void> {
  const { reinvocation } = attributes;
  const ended = server.metrics.admission.begin(phase, attributes.operation);
  try {
    await askAll(server, phase, attributes);
    if (phase === 'mutate' && reinvocation.wanted) {
      reinvocation.again = true;
      await askAll(server, phase, attributes);
    }
  } catch (error) {
    ended(true);
    throw error;
  }
  ended(false);
}

async function askAll(server: Server, phase: AdmissionPhase, attributes: Attributes): Promise<void> {
  let ended: AdmissionTimer = () => {};
  try {
    for (const plugin of server.admission) {
      const act = plugin[phase];
      if (!act || !plugin.handles(attributes)) continue;
      ended = server.metrics.admission.begin(phase, attributes.operation, plugin.name);
      const done = act.call(plugin, attributes, server.admissionWorld);
      if (done) await done;
      ended(false);
    }
  } catch (error) {
    ended(true);
    throw error;
  }
}

export function attributesOf(
  context: WriteContext,
  operation: Exclude<Operation, 'CONNECT'>,
  name: string,
  object: Draft | undefined,
  old: KubeObject | undefined,
): Attributes {
  const { target } = context;
  return {
    operation,
    kind: target.served.kind,
    version: target.version,
    namespace: target.namespace,
    name,
    subresource: target.subresource,
    object,
    old,
    user: context.user,
    dryRun: context.dryRun,
    options: { kind: optionsKinds[operation], apiVersion: 'meta.k8s.io/v1', ...context.given },
    reinvocation: { again: false, wanted: false },
    warn: context.warn,
    annotate: context.annotate,
  };
}

/** A connection has no options but its object, which is of the subresource's own kind. */
export function connectionAttributes(context: WriteContext, object: Draft | undefined): Attributes {
  const { options: _, ...attributes } = attributesOf(context, 'CREATE', context.target.name, object, undefined);
  return { ...attributes, operation: 'CONNECT' };
}

const optionsKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

export function requireValid(kind: Kind, name: string, issues: readonly Issue[]): void {
  const keeper = kind.storedAs ?? kind;
  if (issues.length > 0) throw invalidObject(keeper.kind, keeper.group, name, issues);
}

/** Commits a draft that must not exist yet (`previous` undefined) or must still be at `previous`. Undefined: somebody else was first. */
export async function commit(
  server: Server,
  kind: Kind,
  draft: Draft,
  previous: Stored | undefined,
): Promise<Stored | undefined> {
  const keeper = kind.storedAs ?? kind;
  const { namespace = '', name = '' } = draft.metadata;
  const bytes = encodeStored(keeper, draft);
  server.caches.expect(bytes, draft);
  const lifetime = keeper.behaviour.lifetime;
  const outcome = await server.store.commit({
    key: keyOf(keeper, namespace, name),
    value: bytes,
    expect: previous?.revision ?? 0,
    ...(lifetime !== undefined && { lifetime }),
  });
  if (!outcome.ok) return undefined;
  await server.hooks(kind)?.written?.(server, draft, previous?.object);
  return { object: draft, bytes, revision: outcome.revision };
}

/** Deletes what is still at `previous`; false: it has changed meanwhile. */
export async function commitDeletion(server: Server, kind: Kind, previous: Stored): Promise<number | undefined> {
  const { namespace = '', name = '' } = previous.object.metadata;
  const outcome = await server.store.commit({
    key: keyOf(kind, namespace, name),
    value: undefined,
    expect: previous.revision,
  });
  if (!outcome.ok) return undefined;
  await server.hooks(kind)?.written?.(server, undefined, previous.object);
  return outcome.revision;
}

/** Lists without entries are as none from here on, on trial as well. */
export function forgetEmpty(kind: Kind, draft: Draft): void {
  const keeper = kind.storedAs ?? kind;
  if (!keeper.custom) forgetEmptyLists(draft, hubSchema(keeper));
}

/** What of a checked draft is kept: all that the version holds that objects are stored in. */
export function fitForStorage(kind: Kind, draft: Draft): void {
  (kind.storedAs ?? kind).behaviour.fitForStorage?.(draft);
}

/** Whether a write would change nothing but the resourceVersion. */
export function unchanged(next: Draft, previous: KubeObject): boolean {
  const version = next.metadata.resourceVersion;
  if (previous.metadata.resourceVersion === undefined) delete next.metadata.resourceVersion;
  else next.metadata.resourceVersion = previous.metadata.resourceVersion;
  const same = deepEqual(next, previous) || differInTimesOnly(next, previous);
  if (version === undefined) delete next.metadata.resourceVersion;
  else next.metadata.resourceVersion = version;
  return same;
}

/** What the server alone decides about a new object. */
export function giveIdentity(server: Server, kind: Kind, draft: Draft): void {
  const { metadata } = draft;
  metadata.uid = server.random.uuid();
  metadata.creationTimestamp = formatTime(server.clock.now());
  if (generationRule(kind) !== 'none') metadata.generation = 1;
}

/** Takes out what a client may send along with a new object but never decides. */
export function wipeIdentity({ metadata }: Draft): void {
  for (const field of systemFields) delete metadata[field];
}

const systemFields = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'resourceVersion',
] as const;

export function generationRule(kind: Kind): NonNullable<Kind['behaviour']['generation']> {
  const keeper = kind.storedAs ?? kind;
  return keeper.behaviour.generation ?? (keeper.subresources.some(({ name }) => name === 'status') ? 'spec' : 'none');
}

/** Puts back what no update may change, and counts the generation up where the specification changed. */
export function keepIdentity(draft: Draft, previous: KubeObject): void {
  const { metadata } = draft;
  for (const field of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'selfLink',
  ] as const) {
    if (previous.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = previous.metadata[field] as never;
  }
  if (metadata.namespace === undefined && previous.metadata.namespace) metadata.namespace = previous.metadata.namespace;
}

export function countGeneration(kind: Kind, draft: Draft, previous: KubeObject): void {
  const rule = generationRule(kind);
  if (rule === 'none') return;
  const changed = rule === 'spec' ? specDiffers(draft, previous) : rule(draft, previous);
  if (changed) draft.metadata.generation = (previous.metadata.generation ?? 0) + 1;
}

function specDiffers(next: KubeObject, previous: KubeObject): boolean {
  const bare = ({ metadata: _, status: __, ...rest }: KubeObject) => rest;
  return !deepEqual(bare(next), bare(previous));
}

/** For /status: everything but metadata and status is what it was. */
export function keepAllButStatus(draft: Draft, previous: KubeObject): void {
  const before = previous as unknown as Record<string, unknown>;
  for (const field of Object.keys(draft)) if (field !== 'metadata' && field !== 'status') delete draft[field];
  for (const field of Object.keys(before))
    if (field !== 'metadata' && field !== 'status') draft[field] = copyOf(before[field]);
}

/** Through the main resource the status is what it was. */
export function keepStatus(draft: Draft, previous: KubeObject): void {
  if (previous.status === undefined) delete draft.status;
  else draft.status = copyOf(previous.status);
}

export const hasStatus = (kind: Kind): boolean =>
  (kind.storedAs ?? kind).subresources.some(({ name }) => name === 'status');
