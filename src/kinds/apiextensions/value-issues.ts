// What is wrong with a value by an OpenAPI schema, in the words Kubernetes takes from go-openapi.

import { isNumeric } from '../../base/whole-number.ts';
import { canonicalJson, deepEqual, isJsonObject } from '../../base/equal.ts';
import { type Issue, duplicate, invalid, required, tooLong, tooMany } from '../../api/issues.ts';
import { compileRegex } from '../../languages/cel/regex.ts';
import { notListed } from '../checks.ts';
import { fitsFormat } from './formats.ts';
import { type JsonSchema, additionalOf, isIntOrString, itemsOf, propertyOf } from './structural.ts';

type Json = Record<string, unknown>;

/**
 * `path` is where the value stands (`spec.size`, empty for the whole object). What is as it was before is not looked at:
 * a schema that became stricter does not stand in the way of other changes.
 */
export function valueIssues(value: unknown, schema: JsonSchema, path: string, previous?: unknown): Issue[] {
  if (previous !== undefined && deepEqual(value, previous)) return [];
  return [
    ...typeIssues(value, schema, path),
    ...logicIssues(value, schema, path),
    ...(typeof value === 'string' ? stringIssues(value, schema, path) : []),
    ...(isNumeric(value) ? numberIssues(value, schema, path) : []),
    ...(Array.isArray(value) ? arrayIssues(value, schema, path, previous) : []),
    ...enumIssues(value, schema, path),
    ...(isJsonObject(value) ? objectIssues(value, schema, path, previous) : []),
  ];
}

const below = (path: string, name: string): string => (path ? `${path}.${name}` : name);

/** About no field, as go-openapi's composite errors come out. */
const composite = (text: string): Issue => ({
  type: 'invalid',
  field: '<nil>',
  message: `Invalid value: "": ${text}`,
});

const largestInteger = 2 ** 63;

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value !== 'number') return typeof value;
  return Number.isInteger(value) && Math.abs(value) < largestInteger ? 'integer' : 'number';
}

function typeIssues(value: unknown, schema: JsonSchema, path: string): Issue[] {
  const wanted = isIntOrString(schema) ? 'integer,string' : (schema.type ?? '');
  if (wanted === '' || (value === null && schema.nullable)) return [];
  const given = typeName(value);
  if (wanted.split(',').includes(given) || (wanted === 'number' && given === 'integer')) return [];
  return [mistyped(given, wanted, path)];
}

const mistyped = (shown: string, wanted: string, path: string): Issue => ({
  type: 'typeInvalid',
  field: path,
  message: `Invalid value: ${JSON.stringify(shown)}: ${path} in body must be of type ${wanted}: ${JSON.stringify(shown)}`,
});

const inBody = (path: string, value: unknown, rule: string): Issue => invalid(path, value, `${path} in body ${rule}`);

/** anyOf, oneOf, allOf and not. Beside the sentence stands what the nearest alternative complains of. */
function logicIssues(value: unknown, schema: JsonSchema, path: string): Issue[] {
  const tried = (alternatives: readonly JsonSchema[]) => alternatives.map((each) => valueIssues(value, each, path));
  const issues: Issue[] = [];
  if (schema.anyOf?.length) {
    const results = tried(schema.anyOf);
    if (results.every((result) => result.length > 0)) {
      issues.push(composite(`"${path}" must validate at least one schema (anyOf)`), ...nearest(results));
    }
  }
  if (schema.oneOf?.length) {
    const results = tried(schema.oneOf);
    const fitting = results.filter((result) => result.length === 0).length;
    if (fitting !== 1) {
      const found = fitting === 0 ? 'none valid' : `${fitting} valid alternatives`;
      issues.push(composite(`"${path}" must validate one and only one schema (oneOf). Found ${found}`));
      if (fitting === 0) issues.push(...nearest(results));
    }
  }
  if (schema.allOf?.length) {
    const failing = tried(schema.allOf).filter((result) => result.length > 0);
    if (failing.length > 0) {
      const none = failing.length === schema.allOf.length ? '. None validated' : '';
      issues.push(...failing.flat(), composite(`"${path}" must validate all the schemas (allOf)${none}`));
    }
  }
  if (schema.not && valueIssues(value, schema.not, path).length === 0) {
    issues.push(composite(`"${path}" must not validate the schema (not)`));
  }
  return issues;
}

const nearest = (results: readonly Issue[][]): Issue[] =>
  results.reduce((best, result) => (result.length < best.length ? result : best), results[0] ?? []);

function stringIssues(value: string, schema: JsonSchema, path: string): Issue[] {
  const { maxLength, minLength, pattern, format } = schema;
  const length = [...value].length;
  const issues: Issue[] = [];
  if (maxLength !== undefined && length > maxLength) issues.push(tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) {
    issues.push(inBody(path, value, `should be at least ${minLength} chars long`));
  }
  if (pattern && !compileRegex(pattern)?.test(value)) {
    issues.push(inBody(path, value, `should match '${pattern}'`));
  }
  if (format && fitsFormat(format, value) === false) issues.push(mistyped(value, format, path));
  return issues;
}

const ranges: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, 2 ** 64],
  float: [-3.4028234663852886e38, 3.4028234663852886e38],
  float32: [-3.4028234663852886e38, 3.4028234663852886e38],
};

function numberIssues(exact: number, schema: JsonSchema, path: string): Issue[] {
  const value = Number(exact);
  const { multipleOf, exclusiveMaximum, exclusiveMinimum } = schema;
  const [maximum, minimum] = [boundFor(value, schema.maximum), boundFor(value, schema.minimum)];
  const issues = rangeIssues(exact, schema, path);
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    issues.push(inBody(path, value, `should be a multiple of ${multipleOf}`));
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    issues.push(inBody(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    issues.push(inBody(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  }
  return issues;
}

/** Within what binary fractions let hope for. */
function isMultiple(value: number, factor: number): boolean {
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

/** Whole numbers are compared with whole bounds: go-openapi cuts off their fractions. */
const boundFor = (value: number, bound: number | undefined): number | undefined =>
  bound !== undefined && Number.isInteger(value) ? Math.trunc(bound) : bound;

function rangeIssues(value: number, { type, format }: JsonSchema, path: string): Issue[] {
  const complaint = (as: string) => composite(`Checked value must be of type ${type} ${as} in ${path}`);
  if (type === 'integer' && typeName(value) !== 'integer') {
    return [complaint(format ? `with format ${format}` : '(default format)')];
  }
  const range = type === 'integer' || type === 'number' ? ranges[format ?? ''] : undefined;
  if (!range || (value >= range[0] && value <= range[1])) return [];
  return [complaint(`with format ${format}`)];
}

function arrayIssues(value: readonly unknown[], schema: JsonSchema, path: string, previous: unknown): Issue[] {
  const { maxItems, minItems } = schema;
  const items = itemsOf(schema);
  const keys = schema['x-kubernetes-list-map-keys'];
  const before = keys && Array.isArray(previous) ? previous : [];
  const issues = items
    ? value.flatMap((item, i) => {
        const same = keys && before.find((old) => deepEqual(keysOf(old, keys), keysOf(item, keys)));
        return valueIssues(item, items, `${path}[${i}]`, same as unknown);
      })
    : [];
  if (minItems !== undefined && value.length < minItems) {
    issues.push(inBody(path, value.length, `should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) issues.push(tooMany(path, value.length, maxItems));
  return issues;
}

const keysOf = (item: unknown, keys: readonly string[]): Json =>
  Object.fromEntries([...keys].sort().map((key) => [key, isJsonObject(item) ? item[key] : undefined]));

/** Entries of sets and maps that are there more than once; each is told of once. */
export function repetitionIssues(value: unknown, schema: JsonSchema, path: string): Issue[] {
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([name, inner]) => {
      const property = propertyOf(schema, name) ?? additionalOf(schema);
      return property ? repetitionIssues(inner, property, below(path, name)) : [];
    });
  }
  if (!Array.isArray(value)) return [];
  const listType = schema['x-kubernetes-list-type'];
  const identities = value.map((item: unknown) =>
    listType === 'map' ? keysOf(item, schema['x-kubernetes-list-map-keys'] ?? []) : item,
  );
  const told: unknown[] = [];
  const issues: Issue[] = [];
  if (listType === 'map' || listType === 'set') {
    identities.forEach((identity, i) => {
      const again = identities.findIndex((other) => deepEqual(other, identity)) < i;
      if (!again || told.some((other) => deepEqual(other, identity))) return;
      told.push(identity);
      issues.push(duplicate(`${path}[${i}]`, inOrder(identity)));
    });
  }
  const items = itemsOf(schema);
  return [...issues, ...(items ? value.flatMap((item, i) => repetitionIssues(item, items, `${path}[${i}]`)) : [])];
}

/** Go prints objects in the order of their keys. */
const inOrder = (value: unknown): unknown => JSON.parse(canonicalJson(value ?? null)) as unknown;

/** null is never among the choices, not even where it is listed. */
function enumIssues(value: unknown, schema: JsonSchema, path: string): Issue[] {
  const choices = schema.enum;
  if (!choices || choices.some((choice) => choice !== null && deepEqual(choice, value))) return [];
  const words = choices.map((choice) => (typeof choice === 'string' ? choice : canonicalJson(choice)));
  return [notListed(path, inOrder(value), words)];
}

function objectIssues(value: Json, schema: JsonSchema, path: string, previous: unknown): Issue[] {
  const count = Object.keys(value).length;
  const { maxProperties, minProperties } = schema;
  const before = isJsonObject(previous) ? previous : {};
  const issues: Issue[] = [];
  if (minProperties !== undefined && count < minProperties) {
    issues.push(inBody(path, count, `should have at least ${minProperties} properties`));
  }
  if (maxProperties !== undefined && count > maxProperties) issues.push(tooMany(path, count, maxProperties));
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) issues.push(required(below(path, name)));
  }
  const additional = additionalOf(schema);
  for (const [name, inner] of Object.entries(value)) {
    const property = propertyOf(schema, name) ?? additional;
    if (property) issues.push(...valueIssues(inner, property, below(path, name), before[name]));
  }
  return issues;
}
