// update and patch: the next state computed from the present one, again and again until nobody was faster.

import { invalid, type Issue } from '../../api/issues.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { ApiError, badRequest, notFound, staleWrite } from '../../api/status.ts';
import type { Namespace } from '../../kinds/core/namespace.ts';
import { validateMetadataUpdate } from '../../kinds/metadata.ts';
import { draftOf, expectedOf, parseBody } from '../body.ts';
import { requireCreate } from '../authorize.ts';
import { behaviourOf, type Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { isStale, type Stored } from '../stored.ts';
import { finishDeletion } from './delete.ts';
import { facetOf } from './facets.ts';
import {
  admit,
  attributesOf,
  commit,
  countGeneration,
  fitForStorage,
  forgetEmpty,
  keepIdentity,
  ownFields,
  requireValid,
  unchanged,
  type WriteContext,
  writeContext,
} from './commit.ts';
import { asStored, viewOf } from './conversion.ts';
import { preconditionFailed } from './precondition.ts';
import { insert, requireNamespace } from './create.ts';
import type { ObjectResult } from './result.ts';

/** How often a write without a resourceVersion is tried again after somebody else was faster. */
const mostTries = 64;

export async function update(server: Server, exchange: Exchange, target: ResourceTarget): Promise<ObjectResult> {
  const { request } = exchange;
  const { kind, version } = target.served;
  const options = writeOptions('UpdateOptions', request.query, request.headers['user-agent']);
  const warn = (text: string) => void exchange.warnings.add(text);
  const parsed = parseBody(request, expectedOf(kind, version), options.fieldValidation !== 'Ignore');
  const fresh = () => {
    const draft = draftOf(kind, version, parsed, options.fieldValidation, warn);
    requireNamespace(target, draft);
    requireName(target, draft);
    return draft;
  };
  const first = fresh();
  return replace(server, writeContext(exchange, target, options), {
    compute: () => fresh(),
    resourceVersion: first.metadata.resourceVersion ?? '',
    writer: 'update',
    createsWith: behaviourOf(kind).createOnUpdate && target.subresource === '' ? first : undefined,
    requireVersion: behaviourOf(kind).requireVersionOnUpdate ?? false,
  });
}

/** The body must say the name that the path says. */
export function requireName(target: ResourceTarget, draft: Draft): void {
  const { name } = draft.metadata;
  if (!name)
    throw badRequest(`the name of the object (${target.name} based on URL) was undeterminable: name must be provided`);
  if (name !== target.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
}

/** A change of one object. */
export interface Replacement {
  /** The next state from the present one; called again when somebody else was faster. */
  compute(previous: KubeObject): Draft | Promise<Draft>;
  /** The version the client saw; empty: whatever is there. */
  readonly resourceVersion: string;
  /** A writer becomes owner of what it changed; apply has decided ownership itself. */
  readonly writer: 'update' | 'patch' | 'apply';
  /** What to create when there is nothing yet. */
  readonly createsWith?: Draft | undefined;
  readonly requireVersion?: boolean;
  /** What admission sees instead of the object. */
  readonly guise?: Guise;
}

/** Another form of an object, by which it is written: a Scale. */
export interface Guise {
  show(object: KubeObject): Draft;
  /** Takes over what was changed in that form. */
  take(shown: Draft, draft: Draft): void;
}

export async function replace(server: Server, context: WriteContext, replacement: Replacement): Promise<ObjectResult> {
  const { target } = context;
  const cache = await server.caches.of(target.served.kind);
  for (let tries = mostTries; tries > 0; tries--) {
    const previous = cache.stored(target.namespace, target.name);
    if (!previous) {
      if (!replacement.createsWith) throw notFound(target, target.name);
      await requireCreate(server.access, context.user, target);
      return insert(server, context, replacement.createsWith, true);
    }
    const result = await replaceOnce(server, context, replacement, previous);
    if (result) return result;
    if (replacement.resourceVersion) throw staleWrite(target, target.name);
  }
  throw staleWrite(target, target.name);
}

async function replaceOnce(
  server: Server,
  context: WriteContext,
  replacement: Replacement,
  previous: Stored,
): Promise<ObjectResult | undefined> {
  const { target } = context;
  const { kind } = target.served;
  const current = await viewOf(target.served, previous.object);
  const draft = await replacement.compute(current);
  behaviourOf(kind).applyContextDefaults?.(draft, server.kindContext);
  if (replacement.writer === 'update') requireSameUid(target, draft, current);
  const identityIssues = uidIssues(draft, current);
  keepIdentity(draft, current);
  facetOf(target.subresource).keep(kind, draft, current);
  if (replacement.writer !== 'apply') await ownFields(server, context, current, draft);
  const { guise } = replacement;
  const [shown, before] = guise ? [guise.show(draft), guise.show(current)] : [draft, current];
  const attributes = attributesOf(context, 'UPDATE', target.name, shown, before);
  await admit(server, 'mutate', attributes);
  guise?.take(shown, draft);
  requireNamespace(target, draft);
  requireVersion(target, replacement, draft, previous);
  const taken = target.subresource === '' ? await server.hooks(kind)?.take(server, draft, current) : undefined;
  try {
    requireUpdatable(server, context, { draft, previous: current, identityIssues });
    await admit(server, 'validate', guise ? { ...attributes, object: guise.show(draft) } : attributes);
    for (const warning of behaviourOf(kind).warnings?.(draft, current) ?? []) context.warn(warning);
    return await store(server, context, draft, previous);
  } finally {
    taken?.settle();
  }
}

interface Change {
  readonly draft: Draft;
  readonly previous: KubeObject;
  readonly identityIssues: readonly Issue[];
}

/** What the kind makes of the change, and whether it may be. */
function requireUpdatable(server: Server, { target }: WriteContext, { draft, previous, identityIssues }: Change): void {
  const { kind } = target.served;
  const facet = facetOf(target.subresource);
  facet.prepare(kind, draft, previous, server.kindContext);
  if (target.subresource !== 'status') countGeneration(kind, draft, previous);
  requireValid(kind, target.name, [
    ...identityIssues,
    ...validateMetadataUpdate(kind, draft, previous),
    ...facet.issues(kind, draft, previous, server.kindContext),
  ]);
}

/** Undefined: somebody else was faster. */
async function store(
  server: Server,
  context: WriteContext,
  draft: Draft,
  previous: Stored,
): Promise<ObjectResult | undefined> {
  forgetEmpty(context.target.served.kind, draft);
  if (!context.dryRun) fitForStorage(context.target.served.kind, draft);
  const kept = await asStored(context.target.served, draft);
  if (!isStale(previous.object) && unchanged(kept, previous.object))
    return { type: 'object', code: 200, object: previous.object, stored: previous };
  kept.metadata.resourceVersion = String(previous.revision);
  if (isReadyToGo(kept, previous.object)) return finishDeletion(server, context, kept, previous);
  if (context.dryRun) return { type: 'object', code: 200, object: kept };
  const stored = await commit(server, context.target.served.kind, kept, previous);
  return stored && { type: 'object', code: 200, object: stored.object, stored };
}

function requireVersion(target: ResourceTarget, replacement: Replacement, draft: Draft, previous: Stored): void {
  const version = replacement.resourceVersion || draft.metadata.resourceVersion || '';
  if (version === '') {
    if (replacement.requireVersion) throw versionRequired(target.served.kind, target.name);
    return;
  }
  if (!/^\d+$/.test(version)) {
    const text = `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
    throw new ApiError(500, '', text);
  }
  if (Number(version) !== previous.revision) throw staleWrite(target, target.name);
}

function versionRequired(kind: Kind, name: string): ApiError {
  const message = 'Invalid value: 0: must be specified for an update';
  return new ApiError(
    422,
    'Invalid',
    `${kind.group ? `${kind.plural}.${kind.group}` : kind.plural} "${name}" is invalid: metadata.resourceVersion: ${message}`,
    {
      name,
      ...(kind.group && { group: kind.group }),
      kind: kind.plural,
      causes: [{ reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }],
    },
  );
}

function requireSameUid(target: ResourceTarget, draft: Draft, previous: KubeObject): void {
  const { uid } = draft.metadata;
  if (!uid || uid === previous.metadata.uid) return;
  const why = `UID in precondition: ${uid}, UID in object meta: ${previous.metadata.uid}`;
  throw preconditionFailed(target, target.name, folderOf(target), why);
}

/** Where upstream keeps an object, as refusals name it: built-in kinds lie there without their group. */
function folderOf({ served, group, resource, namespace }: ResourceTarget): string {
  const folder = served.kind.custom ? `${group}/${resource}` : (oddFolders[resource] ?? resource);
  return namespace ? `${folder}/${namespace}` : folder;
}

const oddFolders: Readonly<Record<string, string>> = {
  endpoints: 'services/endpoints',
  ingresses: 'ingress',
  nodes: 'minions',
  replicationcontrollers: 'controllers',
  services: 'services/specs',
};

/** A patch may not change the uid. Upstream looks twice. */
function uidIssues(draft: Draft, previous: KubeObject): Issue[] {
  const { uid } = draft.metadata;
  if (!uid || uid === previous.metadata.uid) return [];
  const issue = invalid('metadata.uid', uid, 'field is immutable');
  return [issue, issue];
}

/** The last finalizer went: an object that was only waiting for that goes with this very write. */
function isReadyToGo(next: KubeObject, previous: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = next.metadata;
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizersOf(next).length === 0 &&
    finalizersOf(previous).length > 0
  );
}

/** All that keeps an object from going; namespaces have some in their spec. */
function finalizersOf({ kind, metadata, spec }: KubeObject): readonly string[] {
  const own = kind === 'Namespace' ? ((spec as Namespace['spec']).finalizers ?? []) : [];
  return [...(metadata.finalizers ?? []), ...own];
}
