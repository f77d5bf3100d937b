// From a body's bytes to a draft of the hub version: parsed, matched with what the path wants, decoded by the schema, defaulted.

import { decode, type Decoded, DecodeError } from '../api/decode.ts';
import { JsonSyntaxError, parseJson } from '../api/json.ts';
import type { Kind, ServedVersion } from '../api/kind.ts';
import { decodeProtobuf } from '../api/protobuf.ts';
import type { ApiRequest } from '../api/request.ts';
import type { ObjectSchema } from '../api/schema.ts';
import { ApiError, badRequest, unsupportedMediaType } from '../api/status.ts';
import { behaviourOf, type Draft, toHub } from './draft.ts';
import { requireKind } from './known-kinds.ts';
import type { FieldValidation } from './options.ts';
import { parseYaml, unmarshalErrors } from './yaml.ts';

const decoder = new TextDecoder();

/** Kubernetes' limit for what a request may carry (etcd's 1.5 MiB, twice). */
export const largestBody = 3 * 1024 * 1024;

export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
  /** Further versions that are taken as if they were this one. */
  readonly older?: readonly string[];
  /** Objects of a custom kind are not held against the built-in ones. */
  readonly custom?: boolean;
  /** Instead of decoding by the schema. */
  readonly read?: NonNullable<ServedVersion['read']>;
}

export interface Parsed {
  readonly value: Record<string, unknown>;
  /** Fields given twice, as warnings word them. */
  readonly duplicates: readonly string[];
  /** The same as a strict refusal words it, where that differs. */
  readonly refusal?: string;
}

/** The media types a body may have. */
const textTypes = ['application/json', 'application/yaml'];
const protobufType = 'application/vnd.kubernetes.protobuf';
const bodyTypes = [...textTypes, protobufType];

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
  // Upstream names protobuf here as well, and then cannot read it.
  if (expected.custom && type === protobufType) throw unknownFormat(textTypes);
  try {
    if (type === protobufType) return { value: decodeProtobuf(bytes, () => expected.schema), duplicates: [] };
    return type === 'application/yaml' ? parsedYaml(bytes) : parsedJson(bytes, strict);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const text = error instanceof JsonSyntaxError ? `${versionError}: ${error.message}` : messageOf(error);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${text} (${excerpt(bytes)})`,
    );
  }
}

const versionError = `couldn't get version/kind; json parse error`;

function parsedJson(bytes: Uint8Array, strict: boolean): Parsed {
  const { value, duplicates } = parseJson(bytes, { strict });
  return { value: asObject(value), duplicates };
}

function parsedYaml(bytes: Uint8Array): Parsed {
  const { value, duplicates } = parseYaml(decoder.decode(bytes));
  const object = asObject(value);
  return duplicates.length > 0
    ? { value: object, duplicates, refusal: unmarshalErrors(duplicates) }
    : { value: object, duplicates };
}

export const unknownFormat = (types: readonly string[]): ApiError =>
  unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  );

function asObject(value: unknown): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const target =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  throw new DecodeError(`${versionError}: json: cannot unmarshal ${got} into Go value of type ${target}`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The beginning of a body as upstream shows it in refusals: what looks like JSON as it is, anything else in hex. */
function excerpt(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, 30);
  const text =
    head[0] === 0x7b ? decoder.decode(head) : [...head].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return bytes.length > 30 ? `${text} ...` : text;
}

/** Decodes a value by a schema; unknown and duplicate fields are refused, warned of or dropped as the caller wants. */
export const decodeValue = (
  parsed: Parsed,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): Draft => refusing(expected, () => decoded(parsed, expected, validation, warn));

/** Reads a value in the version's own way, or in Go's by its schema. */
export const readValue = ({ schema, read }: Pick<ServedVersion, 'schema' | 'read'>, value: unknown): Decoded =>
  read?.(value) ?? decode(schema, value);

function decoded(
  { value, duplicates, refusal }: Parsed,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): Draft {
  const { object, unknown } = readValue(expected, value);
  if (refusal === undefined) complain([...unknown, ...duplicates], validation, warn);
  else complain(validation === 'Strict' ? [refusal, ...unknown] : [...duplicates, ...unknown], validation, warn);
  return object as Draft;
}

function refusing(expected: Expected, read: () => Draft): Draft {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      `${expected.kind} in version "${expected.version}" cannot be handled as a ${expected.kind}: ${error.message}`,
    );
  }
}

/** @throws DecodeError where the client wants to be refused for unknown and duplicate fields */
export function complain(
  complaints: readonly string[],
  validation: FieldValidation,
  warn: (text: string) => void,
): void {
  if (complaints.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') throw new DecodeError(`strict decoding error: ${complaints.join(', ')}`);
  for (const complaint of complaints) warn(complaint);
}

export const expectedOf = (kind: Kind, version: ServedVersion): Expected => ({
  group: kind.group,
  version: version.version,
  kind: kind.kind,
  schema: version.schema,
  custom: kind.custom,
  ...(version.read && { read: version.read }),
});

/** A parsed object of the served version, as a draft of the hub. Defaults are part of the decoding, and may find fault as well. */
export function draftOf(
  kind: Kind,
  version: ServedVersion,
  parsed: Parsed,
  validation: FieldValidation,
  warn: (text: string) => void,
): Draft {
  const expected = expectedOf(kind, version);
  requireKind(parsed.value, expected);
  return refusing(expected, () => hubDraft(kind, version, decoded(parsed, expected, validation, warn)));
}

/** A decoded object of the served version, converted to the hub and defaulted. */
export function hubDraft(kind: Kind, version: ServedVersion, decoded: Draft): Draft {
  decoded.metadata ??= {};
  const draft = toHub(kind, version, decoded);
  behaviourOf(kind).applyDefaults?.(draft);
  return draft;
}
