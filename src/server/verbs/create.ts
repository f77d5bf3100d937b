// create: a new object, from a body or from what an update or apply of a missing object makes.

import { alreadyExists, ApiError, badRequest } from '../../api/status.ts';
import { required } from '../../api/issues.ts';
import type { Kind } from '../../api/kind.ts';
import { validateMetadata } from '../../kinds/metadata.ts';
import type { Attributes } from '../admission/plugin.ts';
import { draftOf, expectedOf, parseBody } from '../body.ts';
import { behaviourOf, copyOf, type Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { writeOptions } from '../options.ts';
import { markStale } from '../stored.ts';
import type { Server } from '../server.ts';
import {
  admit,
  attributesOf,
  commit,
  fitForStorage,
  forgetEmpty,
  giveIdentity,
  hasStatus,
  hubSchema,
  ownFields,
  requireValid,
  wipeIdentity,
  type WriteContext,
  writeContext,
} from './commit.ts';
import { asStored } from './conversion.ts';
import type { ObjectResult } from './result.ts';

/** Characters that generated names end in, and the longest base they are put behind. */
const suffixLength = 5;
const longestBase = 63 - suffixLength;
/** How often a generated name that is taken is drawn again. */
const generateTries = 8;

export async function create(server: Server, exchange: Exchange, target: ResourceTarget): Promise<ObjectResult> {
  const { request } = exchange;
  const { kind, version } = target.served;
  const options = writeOptions('CreateOptions', request.query, request.headers['user-agent']);
  const warn = (text: string) => void exchange.warnings.add(text);
  const parsed = parseBody(request, expectedOf(kind, version), options.fieldValidation !== 'Ignore');
  const draft = draftOf(kind, version, parsed, options.fieldValidation, warn);
  requireNamespace(target, draft);
  return insert(server, writeContext(exchange, target, options), draft, true);
}

/** Stores a draft of the hub version that does not exist yet. `owning`: the writer becomes owner of its fields here (apply has done so itself). */
export async function insert(
  server: Server,
  context: WriteContext,
  draft: Draft,
  owning: boolean,
): Promise<ObjectResult> {
  const { resourceVersion = '' } = draft.metadata;
  if (resourceVersion !== '' && resourceVersion !== '0')
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
  wipeIdentity(draft);
  behaviourOf(context.target.served.kind).applyContextDefaults?.(draft, server.kindContext);
  const generated = !draft.metadata.name && Boolean(draft.metadata.generateName);
  for (let tries = generated ? generateTries : 1; ; tries--) {
    const attempt = generated ? copyOf(draft) : draft;
    const result = await insertOnce(server, context, attempt, owning);
    if (result) return result;
    if (tries <= 1) throw await nameTaken(server, context, attempt);
  }
}

async function nameTaken(server: Server, { target }: WriteContext, { metadata }: Draft): Promise<ApiError> {
  const { kind } = target.served;
  const refusal = alreadyExists({ group: kind.group, resource: kind.plural }, metadata.name ?? '');
  const cache = await server.caches.of(kind);
  const there = cache.mirror.get(metadata.name ?? '', metadata.namespace ?? '');
  if (there?.metadata.deletionTimestamp) refusal.status.message = `object is being deleted: ${refusal.status.message}`;
  return refusal;
}

async function insertOnce(
  server: Server,
  context: WriteContext,
  draft: Draft,
  owning: boolean,
): Promise<ObjectResult | undefined> {
  const { kind } = context.target.served;
  if (owning) await ownFields(server, context, undefined, draft);
  const attributes = attributesOf(context, 'CREATE', draft.metadata.name ?? '', draft, undefined);
  await admit(server, 'mutate', attributes);
  requireNamespace(context.target, draft);
  nameGenerated(server, kind, draft);
  giveIdentity(server, kind, draft);
  const taken = await server.hooks(kind)?.take(server, draft, undefined);
  try {
    await requireCreatable(server, context, attributes, draft);
    return await store(server, context, draft);
  } finally {
    taken?.settle();
  }
}

/** What the kind makes of a new object, and whether it may be. */
async function requireCreatable(
  server: Server,
  context: WriteContext,
  attributes: Attributes,
  draft: Draft,
): Promise<void> {
  const { kind } = context.target.served;
  const behaviour = behaviourOf(kind);
  behaviour.dropDisabledFields?.(draft, undefined, server.kindContext);
  if (behaviour.prepareForCreate) behaviour.prepareForCreate(draft, server.kindContext);
  else if (hasStatus(kind)) resetStatus(kind.storedAs ?? kind, draft);
  for (const warning of behaviour.earlyWarnings?.(draft) ?? []) context.warn(warning);
  const { name = '' } = draft.metadata;
  requireValid(kind, name, [
    ...(name === '' ? [nameless] : validateMetadata(kind, draft)),
    ...(behaviour.validate?.(draft, server.kindContext) ?? []),
  ]);
  await admit(server, 'validate', attributes);
  for (const warning of behaviour.warnings?.(draft, undefined) ?? []) context.warn(warning);
}

const nameless = required('metadata.name', 'name or generateName is required');

/** Undefined: there is such an object already. */
async function store(
  server: Server,
  { target, dryRun }: WriteContext,
  draft: Draft,
): Promise<ObjectResult | undefined> {
  const { kind } = target.served;
  const cache = await server.caches.of(kind);
  if (cache.stored(draft.metadata.namespace ?? '', draft.metadata.name ?? '')) return undefined;
  forgetEmpty(kind, draft);
  if (!dryRun) fitForStorage(kind, draft);
  const kept = await asStored(target.served, draft);
  if (dryRun) return { type: 'object', code: 201, object: kept };
  const stored = await commit(server, kind, kept, undefined);
  if (stored && behaviourOf(kind).isStoredBare?.(stored.object)) markStale(stored.object);
  return stored && { type: 'object', code: 201, object: stored.object, stored };
}

/** A status that nobody has written yet: absent, or the empty struct Go prints. */
function resetStatus(kind: Kind, draft: Draft): void {
  const field = hubSchema(kind).fields.get('status');
  const printed = field?.schema.type === 'object' && !field.pointer && !field.omitzero && !kind.custom;
  if (printed) draft.status = {};
  else delete draft.status;
}

/** Names are generated once everybody has had a say in what they begin with. */
function nameGenerated(server: Server, kind: Kind, { metadata }: Draft): void {
  if (!metadata.name && metadata.generateName) metadata.name = generateName(server, kind, metadata.generateName);
}

function generateName(server: Server, kind: Kind, base: string): string {
  if (behaviourOf(kind).keepsGenerateName) return base;
  return base.slice(0, longestBase) + server.random.suffix(suffixLength);
}

/** The namespace of a body is the one of the path, or not given. That of a cluster-scoped object is dropped. */
export function requireNamespace(target: ResourceTarget, draft: Draft): void {
  const { metadata } = draft;
  if (target.served.kind.scope === 'Cluster') {
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace && metadata.namespace !== target.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  metadata.namespace = target.namespace;
}
