// What is wrong with an object, field by field, in Kubernetes' words. A validation returns issues; the pipeline makes one refusal of them.

import { ApiError, type StatusCause } from './status.ts';

/** The kinds of field error apimachinery has, with the reason each carries in a Status. */
const reasons = {
  required: 'FieldValueRequired',
  invalid: 'FieldValueInvalid',
  notSupported: 'FieldValueNotSupported',
  duplicate: 'FieldValueDuplicate',
  forbidden: 'FieldValueForbidden',
  notFound: 'FieldValueNotFound',
  tooLong: 'FieldValueTooLong',
  tooMany: 'FieldValueTooMany',
  typeInvalid: 'FieldValueTypeInvalid',
  internal: 'InternalError',
} as const;

export type IssueType = keyof typeof reasons;

export interface Issue {
  readonly type: IssueType;
  /** As in `spec.containers[0].name`, or `metadata.labels[a.b/c]`. */
  readonly field: string;
  /** The text after the field, whole: `Invalid value: "x": must be …`. */
  readonly message: string;
}

/** Go's rendering of a value inside a field error: strings quoted, numbers and booleans bare, the rest as JSON. */
export function rendered(value: unknown): string {
  if (value === undefined) return 'null';
  return typeof value === 'string' ? quoted(value) : goJson(value);
}

/** Go's JSON may stand in a web page: it escapes what means something there. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A string in Go's %q form: JSON's escapes, but for control characters. */
export function quoted(text: string): string {
  const json = JSON.stringify(text);
  if (!/\\u00|\x7f/.test(json)) return json;
  return json.replace(/\\(?:u00([0-9a-f]{2})|.)|\x7f/g, (found, code: string | undefined) => {
    if (found === '\x7f') return '\\x7f';
    return code === undefined ? found : (namedControls[code] ?? `\\x${code}`);
  });
}

const namedControls: Readonly<Record<string, string>> = { '07': '\\a', '0b': '\\v' };

const withDetail = (head: string, detail: string) => (detail ? `${head}: ${detail}` : head);

export const required = (field: string, detail = ''): Issue => ({
  type: 'required',
  field,
  message: withDetail('Required value', detail),
});

export const invalid = (field: string, value: unknown, detail: string): Issue => invalidAs(field, { value }, detail);

/** `shown` undefined: the value is not printed. */
export const invalidAs = (field: string, shown: { readonly value: unknown } | undefined, detail: string): Issue => ({
  type: 'invalid',
  field,
  message: withDetail(shown ? `Invalid value: ${rendered(shown.value)}` : 'Invalid value', detail),
});

/** `supported` is printed sorted, as upstream does. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): Issue => ({
  type: 'notSupported',
  field,
  message: `Unsupported value: ${rendered(value)}: supported values: ${[...supported].sort().map(quoted).join(', ')}`,
});

export const duplicate = (field: string, value: unknown): Issue => duplicateOf(field, { value });

/** `shown` undefined: the value is not printed. */
export const duplicateOf = (field: string, shown: { readonly value: unknown } | undefined): Issue => ({
  type: 'duplicate',
  field,
  message: shown ? `Duplicate value: ${rendered(shown.value)}` : 'Duplicate value',
});

/** Named apart from the HTTP refusal of the same word. */
export const forbiddenField = (field: string, detail: string): Issue => ({
  type: 'forbidden',
  field,
  message: withDetail('Forbidden', detail),
});

export const notFoundValue = (field: string, value: unknown): Issue => ({
  type: 'notFound',
  field,
  message: `Not found: ${rendered(value)}`,
});

export const internalError = (field: string, detail: string): Issue => ({
  type: 'internal',
  field,
  message: withDetail('Internal error', detail),
});

export const tooLong = (field: string, maxBytes: number): Issue => ({
  type: 'tooLong',
  field,
  message: `Too long: may not be more than ${maxBytes} bytes`,
});

export const tooMany = (field: string, actual: number, max: number): Issue => ({
  type: 'tooMany',
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
});

/** The 422 for query parameters or options of a kind of meta.k8s.io (`DeleteOptions`). */
export const invalidOptions = (kind: string, issues: readonly Issue[]): ApiError =>
  invalidObject(kind, 'meta.k8s.io', '', issues);

/** The 422 for an object with issues; `kind` and `group` are the object's, `name` may be empty. Duplicate lines are said once in the message. */
export function invalidObject(kind: string, group: string, name: string, issues: readonly Issue[]): ApiError {
  const lines = [...new Set(issues.map((i) => `${i.field}: ${i.message}`))];
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const causes: StatusCause[] = issues.map((i) => ({ reason: reasons[i.type], message: i.message, field: i.field }));
  return new ApiError(422, 'Invalid', `${group ? `${kind}.${group}` : kind} "${name}" is invalid: ${text}`, {
    ...(name && { name }),
    ...(group && { group }),
    ...(kind && { kind }),
    causes,
  });
}
