// From a body's bytes to a draft of the hub version: parsed, matched with what the path wants, decoded by the schema, defaulted.

import { load as parseYaml } from 'js-yaml';
import { decode, DecodeError } from '../api/decode.ts';
import { parseJson } from '../api/json.ts';
import { apiVersionOf, type Kind, type ServedVersion } from '../api/kind.ts';
import { decodeProtobuf } from '../api/protobuf.ts';
import type { ApiRequest } from '../api/request.ts';
import type { ObjectSchema } from '../api/schema.ts';
import { ApiError, badRequest, unsupportedMediaType } from '../api/status.ts';
import { type Draft, toHub } from './draft.ts';
import type { FieldValidation } from './options.ts';

const decoder = new TextDecoder();

/** Kubernetes' limit for what a request may carry (etcd's 1.5 MiB, twice). */
export const largestBody = 3 * 1024 * 1024;

export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
}

export interface Parsed {
  readonly value: Record<string, unknown>;
  /** Fields given twice, as Go's strict decoders word it. */
  readonly duplicates: readonly string[];
}

/** The media types a body may have. */
const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export function mediaTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The body as a JSON value. Refusals are upstream's. */
export function parseBody(request: ApiRequest, expected: Expected, strict: boolean): Parsed {
  const { body } = request;
  if (body !== undefined && !(body instanceof Uint8Array))
    return { value: body as Record<string, unknown>, duplicates: [] };
  const bytes = body ?? new Uint8Array();
  const type = mediaTypeOf(request) || 'application/json';
  if (!bodyTypes.includes(type)) throw unknownFormat(bodyTypes);
  try {
    if (type === 'application/vnd.kubernetes.protobuf')
      return { value: decodeProtobuf(bytes, () => expected.schema), duplicates: [] };
    const parsed =
      type === 'application/yaml'
        ? { value: parseYaml(decoder.decode(bytes)), duplicates: [] }
        : parseJson(bytes, { strict });
    return { value: asObject(parsed.value), duplicates: parsed.duplicates };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${messageOf(error)} (${excerpt(bytes)})`,
    );
  }
}

export const unknownFormat = (types: readonly string[]): ApiError =>
  unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  );

function asObject(value: unknown): Record<string, unknown> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  const go = Array.isArray(value)
    ? 'array'
    : value === null || value === undefined
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  if (go === 'null') return {};
  const target =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  throw new DecodeError(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${go} into Go value of type ${target}`,
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The beginning of a body as upstream shows it in refusals: text as it is, anything with control characters in hex. */
function excerpt(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 30);
  const readable = head.every((byte) => byte >= 0x20 && byte < 0x7f);
  const text = readable ? decoder.decode(head) : [...head].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return bytes.length > 30 ? `${text} ...` : text;
}

/** Checks that a parsed body is of the wanted kind, or says nothing of its kind. */
export function requireKind(value: Record<string, unknown>, expected: Expected): void {
  const apiVersion = apiVersionOf(expected);
  const given = { apiVersion: value.apiVersion ?? '', kind: value.kind ?? '' };
  const matches =
    (given.apiVersion === '' || given.apiVersion === apiVersion) && (given.kind === '' || given.kind === expected.kind);
  if (matches) return;
  const [group, version] = String(given.apiVersion || apiVersion).includes('/')
    ? String(given.apiVersion || apiVersion).split('/', 2)
    : ['', String(given.apiVersion || apiVersion)];
  throw badRequest(
    `${given.kind || expected.kind} in version "${version}" cannot be handled as a ${expected.kind}: ` +
      `converting (${group ? `${group}.` : ''}${given.kind || expected.kind}) to (${expected.group ? `${expected.group}.` : ''}${expected.kind}): unknown conversion`,
  );
}

/** Decodes a value by a schema; unknown and duplicate fields are refused, warned of or dropped as the caller wants. */
export function decodeValue(
  value: Record<string, unknown>,
  duplicates: readonly string[],
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): Draft {
  try {
    const { object, unknown } = decode(expected.schema, value);
    const complaints = [...unknown, ...duplicates];
    if (validation === 'Strict' && complaints.length > 0)
      throw new DecodeError(`strict decoding error: ${complaints.join(', ')}`);
    if (validation === 'Warn') for (const complaint of complaints) warn(complaint);
    return object as Draft;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      `${expected.kind} in version "${expected.version}" cannot be handled as a ${expected.kind}: ${error.message}`,
    );
  }
}

export const expectedOf = (kind: Kind, version: ServedVersion): Expected => ({
  group: kind.group,
  version: version.version,
  kind: kind.kind,
  schema: version.schema,
});

/** Any JSON value of the served version, as a draft of the hub: what create, update and patch have in common. */
export function draftOf(
  kind: Kind,
  version: ServedVersion,
  parsed: Parsed,
  validation: FieldValidation,
  warn: (text: string) => void,
): Draft {
  const expected = expectedOf(kind, version);
  const decoded = decodeValue(parsed.value, parsed.duplicates, expected, validation, warn);
  decoded.metadata ??= {};
  const draft = toHub(kind, version, decoded);
  (kind.storedAs ?? kind).behaviour.applyDefaults?.(draft);
  return draft;
}
