// Whole objects within custom resources (x-kubernetes-embedded-resource): they have a version, a kind and good metadata.

import { isJsonObject } from '../../base/equal.ts';
import { DecodeError } from '../../api/decode.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isDns1035Label } from '../../base/names.ts';
import { embeddedMetadataIssues } from '../metadata.ts';
import { readResource } from './read.ts';
import { type JsonSchema, additionalOf, isEmbedded, itemsOf, propertyOf } from './structural.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is wrong with every object that is embedded in a value, the value itself included if it is a resource. */
export function embeddedIssues(value: unknown, schema: JsonSchema, path: string, isResource = false): Issue[] {
  const own = isJsonObject(value) && (isResource || isEmbedded(schema)) ? objectIssues(value, path) : [];
  return [
    ...own,
    ...within(value, schema, path).flatMap(([inner, below, place]) => embeddedIssues(inner, below, place)),
  ];
}

/** The first thing an embedded object has that is of a type it cannot be; undefined where all can be read. */
export function misreadIssue(value: unknown, schema: JsonSchema, path: string, isResource = false): Issue | undefined {
  if (isJsonObject(value) && (isResource || isEmbedded(schema))) {
    for (const name of ['apiVersion', 'kind'] as const) {
      if (name in value && typeof value[name] !== 'string')
        return invalid(under(path, name), value[name], 'must be a string');
    }
    const problem = 'metadata' in value ? misreadMetadata(value.metadata) : undefined;
    if (problem !== undefined) return invalid(under(path, 'metadata'), value.metadata, problem);
  }
  for (const [inner, below, place] of within(value, schema, path)) {
    const issue = misreadIssue(inner, below, place);
    if (issue) return issue;
  }
  return undefined;
}

const under = (path: string, name: string): string => (path ? `${path}.${name}` : name);

type Part = readonly [value: unknown, schema: JsonSchema, path: string];

function within(value: unknown, schema: JsonSchema, path: string): readonly Part[] {
  const items = itemsOf(schema);
  if (Array.isArray(value)) return items ? value.map((item, i): Part => [item, items, `${path}[${i}]`]) : [];
  if (!isJsonObject(value)) return [];
  const additional = additionalOf(schema);
  return Object.entries(value).flatMap(([name, inner]): readonly Part[] => {
    const property = propertyOf(schema, name);
    if (property) return [[inner, property, under(path, name)]];
    return additional ? [[inner, additional, `${path}[${name}]`]] : [];
  });
}

function misreadMetadata(metadata: unknown): string | undefined {
  try {
    readResource(undefined, { metadata });
    return undefined;
  } catch (failure) {
    if (failure instanceof DecodeError) return failure.message;
    throw failure;
  }
}

function objectIssues(value: Json, path: string): Issue[] {
  const { apiVersion, kind, metadata } = value;
  const issues = (['apiVersion', 'kind'] as const)
    .filter((name) => value[name] === undefined)
    .map((name) => required(under(path, name)));
  if (apiVersion !== undefined) issues.push(...textIssues(apiVersion, under(path, 'apiVersion'), versionProblem));
  if (kind !== undefined) issues.push(...textIssues(kind, under(path, 'kind'), kindProblem));
  if (metadata === undefined || metadata === null) return issues;
  const problem = misreadMetadata(metadata);
  if (problem !== undefined) return [...issues, invalid(under(path, 'metadata'), metadata, problem)];
  return [...issues, ...embeddedMetadataIssues(metadata as ObjectMeta, under(path, 'metadata'))];
}

function textIssues(value: unknown, field: string, check: (text: string) => string | undefined): Issue[] {
  if (typeof value !== 'string') return [invalid(field, value, 'must be a string')];
  const problem = value === '' ? 'must not be empty' : check(value);
  return problem === undefined ? [] : [invalid(field, value, problem)];
}

const versionProblem = (text: string): string | undefined =>
  text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;

function kindProblem(text: string): string | undefined {
  const rules = isDns1035Label(text.toLowerCase());
  return rules.length > 0 ? `may have mixed case, but should otherwise match: ${rules.join(',')}` : undefined;
}
