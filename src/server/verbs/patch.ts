// patch: JSON patch, merge patch, strategic merge patch and apply, each a way to compute the next state from the present one.

import { applyConfiguration, describe } from '../../api/apply.ts';
import { decode, DecodeError } from '../../api/decode.ts';
import { goText } from '../../api/go-text.ts';
import { invalid, invalidObject } from '../../api/issues.ts';
import { applyJsonPatch } from '../../api/json-patch.ts';
import { parseJson } from '../../api/json.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { applyMergePatch } from '../../api/merge-patch.ts';
import type { KubeObject } from '../../api/object.ts';
import type { TypeMeta } from '../../api/protobuf.ts';
import type { ObjectSchema } from '../../api/schema.ts';
import { applyStrategicMerge } from '../../api/strategic-merge.ts';
import { ApiError, badRequest, conflict } from '../../api/status.ts';
import { complain, expectedOf, hubDraft, mediaTypeOf, type Parsed, readValue, unknownFormat } from '../body.ts';
import { requireCreate } from '../authorize.ts';
import type { Served } from '../catalog.ts';
import { copyOf, type Draft, fromHub } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { requireSameKind } from '../known-kinds.ts';
import { type WriteOptions, writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { parseYaml, unmarshalErrors } from '../yaml.ts';
import { resetFieldsOf, setManagedFields, type WriteContext, writeContext } from './commit.ts';
import { acrossVersions } from './conversion.ts';
import { insert, requireNamespace } from './create.ts';
import { patchedText } from './patched-text.ts';
import type { ObjectResult } from './result.ts';
import { replace, requireName } from './update.ts';

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
  const context = writeContext(exchange, target, options);
  if (read.type === 'apply') return applyPatch(server, context, read, options);
  return replace(server, context, {
    compute: (previous) => patched(target, previous, read, options, warn),
    resourceVersion: '',
    writer: 'patch',
  });
}

/** The patch of a request: its type from Content-Type, its value parsed. Refusals are upstream's. */
export function readPatch(exchange: Exchange, custom: boolean): Patch {
  const { request } = exchange;
  const type = mediaTypes[mediaTypeOf(request)];
  if (!type || (custom && type === 'strategic')) throw custom ? unknownFormat(acceptedTypes) : noSuchPatch();
  const { body } = request;
  if (!(body instanceof Uint8Array)) return { type, value: body ?? {}, duplicates: [] };
  try {
    return { type, ...(type === 'apply' ? parseYaml(decoder.decode(body)) : parseJson(body, { strict: true })) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw badRequest(
      type === 'apply'
        ? `error decoding YAML: error converting YAML to JSON: ${text}`
        : `error decoding patch: ${text}`,
    );
  }
}

/** The routes of built-in kinds refuse before anybody looks at the body; custom resources say what they take. */
const noSuchPatch = () => new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
const acceptedTypes = Object.keys(mediaTypes).filter((each) => mediaTypes[each] !== 'strategic');

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
  const document = fromHub(kind, version, previous);
  const value = patchedValue(copyOf(document), read, target);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw rejected();
  const parsed = { value: value as Record<string, unknown>, duplicates: read.duplicates };
  const draft = decodePatched(target, document, read, parsed, options, warn);
  requireName(target, draft);
  requireNamespace(target, draft);
  return draft;
}

const rejected = () =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

/** What does not decode after a patch is the patch's fault, and the refusal quotes it. */
function decodePatched(
  target: ResourceTarget,
  document: KubeObject,
  read: Patch,
  parsed: Parsed,
  options: WriteOptions,
  warn: (text: string) => void,
): Draft {
  const { kind, version } = target.served;
  const { schema } = version;
  try {
    if (kind.custom) requireOwnType(target, parsed.value);
    requireSameKind(parsed.value, expectedOf(kind, version));
    const { object, unknown } = isNameless(parsed.value)
      ? decode(nothing, parsed.value)
      : readValue(version, parsed.value);
    complain([...unknown.sort(), ...parsed.duplicates], options.fieldValidation, warn);
    return hubDraft(kind, version, object as Draft);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const strategic = read.type === 'strategic';
    const quoted = strategic ? goText(read.value) : patchedText(document, parsed.value, schema);
    const why = strategic ? converterWords(error.message) : error.message;
    throw invalidObject('', '', '', [invalid('patch', quoted, why)]);
  }
}

/** A patched custom resource is read as whatever it says it is, and refused for that by validation. */
function requireOwnType({ served, group, version, name }: ResourceTarget, value: Record<string, unknown>): void {
  const wanted = { kind: served.kind.kind, apiVersion: apiVersionOf({ group, version }) };
  for (const field of ['kind', 'apiVersion'] as const) {
    const given = value[field];
    if (typeof given !== 'string' || given === '' || given === wanted[field]) continue;
    throw invalidObject(served.kind.kind, group, name, [invalid(field, given, `must be ${wanted[field]}`)]);
  }
}

/** Upstream does not know how to read an object that says neither apiVersion nor kind, and reads nothing of it. */
const isNameless = ({ apiVersion, kind }: Record<string, unknown>): boolean => !apiVersion && !kind;
const nothing: ObjectSchema = { type: 'object', fields: new Map(), atomic: false, open: false };

/** Strategic patches are decoded by another reader upstream, which words a wrong shape in its own way. */
function converterWords(message: string): string {
  const match =
    /^json: cannot unmarshal (object|array|string|bool|number\S*) into Go struct field \S+ of type (.+)$/.exec(message);
  if (!match) return message;
  const [, got = '', type = ''] = match;
  const from = got === 'object' ? 'map' : got === 'array' ? 'slice' : got.startsWith('number') ? 'int64' : got;
  if (type.startsWith('[]')) return `cannot restore slice from ${from}`;
  if (type.startsWith('map[')) return `cannot restore map from ${from}`;
  return type.includes('.') && from !== 'string' ? `cannot restore struct from: ${from}` : message;
}

async function applyPatch(
  server: Server,
  context: WriteContext,
  read: Patch,
  options: WriteOptions,
): Promise<ObjectResult> {
  const { target } = context;
  const { kind } = target.served;
  const config = configurationOf(gvkOf(target), read, options, context.warn);
  const merged = (live: KubeObject | undefined) => applied(server, context, config, live, options);

  const cache = await server.caches.of(kind);
  if (!cache.stored(target.namespace, target.name) && target.subresource === '') {
    if (config.metadata.resourceVersion) throw conflict(target, target.name, 'StorageError: key not found');
    await requireCreate(server.access, context.user, target);
    return insert(server, context, await merged(undefined), false);
  }
  return replace(server, context, {
    compute: (previous) => merged(previous),
    resourceVersion: config.metadata.resourceVersion ?? '',
    writer: 'apply',
  });
}

const gvkOf = ({ group, version, served }: ResourceTarget): TypeMeta => ({
  apiVersion: apiVersionOf({ group, version }),
  kind: served.kind.kind,
});

/** The applied configuration: what the client wrote and nothing else. */
export function configurationOf(
  expected: TypeMeta,
  read: Patch,
  options: WriteOptions,
  warn: (text: string) => void,
): KubeObject {
  const value = configurationObject(read.value);
  if (options.fieldValidation === 'Strict' && read.duplicates.length > 0) {
    const text = unmarshalErrors(read.duplicates);
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${text}`);
  }
  if (options.fieldValidation === 'Warn') for (const each of read.duplicates) warn(each);
  requireApplyKind(value, expected);
  const config = copyOf(value) as unknown as KubeObject;
  config.metadata ??= {};
  const { managedFields } = config.metadata;
  if (Array.isArray(managedFields) && managedFields.length > 0) throw badRequest('metadata.managedFields must be nil');
  return config;
}

function configurationObject(value: unknown): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${got} into Go value of type map[string]interface {}`,
  );
}

function requireApplyKind(value: Record<string, unknown>, expected: TypeMeta): void {
  // What is no text counts as not given.
  const [apiVersion, kind] = [value.apiVersion, value.kind].map((each) => (typeof each === 'string' ? each : ''));
  if (apiVersion === expected.apiVersion && kind === expected.kind) return;
  throw badRequest(`invalid object type: ${apiVersion?.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`);
}

async function applied(
  server: Server,
  context: WriteContext,
  config: KubeObject,
  live: KubeObject | undefined,
  options: WriteOptions,
): Promise<Draft> {
  const { target } = context;
  const { kind, version } = target.served;
  const keeper = kind.storedAs ?? kind;
  const outcome = await acrossVersions(kind, (inVersion) =>
    applyConfiguration({
      live: live && fromHub(kind, version, live),
      config,
      schema: version.schema,
      manager: context.manager,
      force: options.force,
      apiVersion: apiVersionOf({ group: kind.group, version: version.version }),
      ...(target.subresource && { subresource: target.subresource }),
      now: server.clock.now(),
      resource: { group: kind.group, resource: kind.plural },
      inVersion,
      ...resetFieldsOf(keeper, target.subresource),
    }),
  );
  const draft = decodeApplied(target.served, config, outcome.object);
  requireName(target, draft);
  requireNamespace(target, draft);
  setManagedFields(draft, outcome.managedAfter(draft));
  return draft;
}

/** What the schema of apply lets pass and the types do not is, upstream, the server's mistake. */
function decodeApplied({ kind, version }: Served, config: KubeObject, merged: KubeObject): Draft {
  try {
    return hubDraft(kind, version, readValue(version, merged).object as Draft);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const about = describe(config);
    const type = about.slice(about.indexOf('; ') + 2);
    const why = error.message.replace(/Go struct field \S+ of type/, 'Go value of type');
    throw new ApiError(
      500,
      '',
      `failed to convert new object (${about}) to proper version: unable to convert unstructured object to ${type}: ${why}`,
    );
  }
}
