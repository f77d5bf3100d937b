// patch: JSON patch, merge patch, strategic merge patch and apply, each a way to compute the next state from the present one.

import { load as parseYaml } from 'js-yaml';
import { applyConfiguration } from '../../api/apply.ts';
import { applyJsonPatch } from '../../api/json-patch.ts';
import { parseJson } from '../../api/json.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { applyMergePatch } from '../../api/merge-patch.ts';
import type { KubeObject } from '../../api/object.ts';
import { applyStrategicMerge } from '../../api/strategic-merge.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { decodeValue, draftOf, expectedOf, mediaTypeOf, requireKind, unknownFormat } from '../body.ts';
import { copyOf, type Draft, fromHub } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { type WriteOptions, writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { inVersion, resetFieldsOf, setManagedFields, type WriteContext } from './commit.ts';
import { insert, requireNamespace } from './create.ts';
import type { ObjectResult } from './result.ts';
import { replace } from './update.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const mediaTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

const decoder = new TextDecoder();

/** A patch as it came, and what it does to a JSON document of the served version. */
export interface Patch {
  readonly type: PatchType;
  readonly value: unknown;
  readonly duplicates: readonly string[];
}

export async function patch(server: Server, exchange: Exchange, target: ResourceTarget): Promise<ObjectResult> {
  const { request } = exchange;
  const { kind } = target.served;
  const read = readPatch(exchange, kind.custom);
  const options = writeOptions('PatchOptions', request.query, request.headers['user-agent'], read.type === 'apply');
  const warn = (text: string) => void exchange.warnings.add(text);
  const context: WriteContext = { target, user: exchange.user, manager: options.manager, dryRun: options.dryRun, warn };
  if (read.type === 'apply') return applyPatch(server, context, read, options);
  return replace(server, context, {
    compute: (previous) => patched(target, previous, read, options, warn),
    resourceVersion: '',
    owning: true,
  });
}

/** The patch of a request: its type from Content-Type, its value parsed. Refusals are upstream's. */
export function readPatch(exchange: Exchange, custom: boolean): Patch {
  const { request } = exchange;
  const type = mediaTypes[mediaTypeOf(request)];
  const accepted = Object.keys(mediaTypes).filter(
    (each) => !custom || each !== 'application/strategic-merge-patch+json',
  );
  if (!type || (custom && type === 'strategic')) throw unknownFormat(accepted);
  const { body } = request;
  if (!(body instanceof Uint8Array)) return { type, value: body ?? {}, duplicates: [] };
  try {
    if (type === 'apply') return { type, value: parseYaml(decoder.decode(body)) ?? {}, duplicates: [] };
    const { value, duplicates } = parseJson(body, { strict: true });
    return { type, value, duplicates };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw badRequest(type === 'apply' ? `error decoding YAML: ${text}` : `error decoding patch: ${text}`);
  }
}

/** The document after the patch, not yet decoded. */
export function patchedValue(document: object, read: Patch, target: ResourceTarget): unknown {
  const { schema } = target.served.version;
  if (read.type === 'json') return applyJsonPatch(document, read.value);
  if (read.type === 'merge') return applyMergePatch(document, read.value);
  return applyStrategicMerge(document, read.value, schema);
}

function patched(
  target: ResourceTarget,
  previous: KubeObject,
  read: Patch,
  options: WriteOptions,
  warn: (text: string) => void,
): Draft {
  const { kind, version } = target.served;
  const document = copyOf(fromHub(kind, version, previous));
  const value = patchedValue(document, read, target);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request`, {});
  }
  requireKind(value as Record<string, unknown>, expectedOf(kind, version));
  const draft = draftOf(
    kind,
    version,
    { value: value as Record<string, unknown>, duplicates: read.duplicates },
    options.fieldValidation,
    warn,
  );
  requireUnchangedName(target, draft);
  requireNamespace(target, draft);
  return draft;
}

function requireUnchangedName(target: ResourceTarget, draft: Draft): void {
  const { name } = draft.metadata;
  if (name !== undefined && name !== target.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  }
  draft.metadata.name = target.name;
}

async function applyPatch(
  server: Server,
  context: WriteContext,
  read: Patch,
  options: WriteOptions,
): Promise<ObjectResult> {
  const { target } = context;
  const { kind, version } = target.served;
  const config = configurationOf(target, read, options, context.warn);
  const merged = (live: KubeObject | undefined) => applied(server, context, config, live, options);

  const cache = await server.caches.of(kind);
  if (!cache.stored(target.namespace, target.name) && target.subresource === '') {
    if (config.metadata.resourceVersion)
      throw new ApiError(409, 'Conflict', notThere(target), {
        name: target.name,
        ...(kind.group && { group: kind.group }),
        kind: kind.plural,
      });
    return insert(server, context, merged(undefined), false);
  }
  return replace(server, context, {
    compute: (previous) => merged(previous),
    resourceVersion: config.metadata.resourceVersion ?? '',
    owning: false,
  });
}

const notThere = (target: ResourceTarget): string =>
  `Operation cannot be fulfilled on ${target.group ? `${target.resource}.${target.group}` : target.resource} "${target.name}": StorageError: key not found`;

/** The applied configuration: what the client wrote and nothing else, in canonical form. */
function configurationOf(
  target: ResourceTarget,
  read: Patch,
  options: WriteOptions,
  warn: (text: string) => void,
): KubeObject {
  const { kind, version } = target.served;
  const value = read.value as Record<string, unknown>;
  const expected = expectedOf(kind, version);
  requireApplyKind(value, target);
  decodeValue(value, read.duplicates, expected, options.fieldValidation, warn);
  const config = copyOf(value) as unknown as KubeObject;
  config.metadata ??= {};
  if (config.metadata.managedFields && config.metadata.managedFields.length > 0) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const { name, namespace } = config.metadata;
  if (name !== undefined && name !== target.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  if (namespace && namespace !== target.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  config.metadata.name = target.name;
  if (target.namespace) config.metadata.namespace = target.namespace;
  return config;
}

function requireApplyKind(value: Record<string, unknown>, target: ResourceTarget): void {
  if (!value.apiVersion || !value.kind) {
    throw badRequest(`invalid object type: /, Kind=`);
  }
  const expected = apiVersionOf({ group: target.group, version: target.version });
  if (value.apiVersion !== expected || value.kind !== target.served.kind.kind) {
    throw badRequest(`invalid object type: ${String(value.apiVersion)}, Kind=${String(value.kind)}`);
  }
}

function applied(
  server: Server,
  context: WriteContext,
  config: KubeObject,
  live: KubeObject | undefined,
  options: WriteOptions,
): Draft {
  const { target } = context;
  const { kind, version } = target.served;
  const keeper = kind.storedAs ?? kind;
  const outcome = applyConfiguration({
    live: live && fromHub(kind, version, live),
    config,
    schema: version.schema,
    manager: context.manager,
    force: options.force,
    apiVersion: apiVersionOf({ group: kind.group, version: version.version }),
    ...(target.subresource && { subresource: target.subresource }),
    now: server.clock.now(),
    resource: { group: kind.group, resource: kind.plural },
    inVersion: (object, apiVersion) => inVersion(kind, object, apiVersion),
    ...resetFieldsOf(keeper, target.subresource),
  });
  const value = outcome.object as unknown as Record<string, unknown>;
  const draft = draftOf(kind, version, { value, duplicates: [] }, 'Ignore', () => {});
  requireNamespace(target, draft);
  setManagedFields(draft, outcome.managedAfter(draft));
  return draft;
}
