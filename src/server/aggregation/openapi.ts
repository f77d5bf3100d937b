// The OpenAPI documents of other API servers among the server's own: version 3 side by side, version 2 in one.

import { deepEqual } from '../../base/equal.ts';
import type { Aggregation } from './aggregation.ts';
import { hexHash } from '../openapi/documents.ts';
import { openApiV3Of } from './openapi-v3.ts';
import type { RemoteDiscovery, Swagger } from './remote-discovery.ts';

type Json = Record<string, unknown>;

/** The index of version 3 documents, with those of others. */
export function withRemoteDocuments<T extends { readonly paths?: unknown }>(index: T, aggregation: Aggregation): T {
  const entries = aggregation.remote().flatMap(({ metadata, spec }) => {
    const place = `apis/${spec.group}/${spec.version}`;
    const known = aggregation.known.get(metadata.name ?? '');
    const converted = known && convertedOf(known);
    const entry = converted
      ? { serverRelativeURL: `/openapi/v3/${place}?hash=${converted.hash}` }
      : known?.documents[place];
    return entry ? [[place, entry] as const] : [];
  });
  if (entries.length === 0) return index;
  return { ...index, paths: { ...(index.paths as Json), ...Object.fromEntries(entries) } };
}

export interface Converted {
  readonly hash: string;
  make(): Json;
}

const converted = new WeakMap<Swagger, Converted>();

/** The version 3 document of a server that has version 2 only. */
export function convertedOf({ isLegacy, swagger }: RemoteDiscovery): Converted | undefined {
  if (!isLegacy || !swagger) return undefined;
  const known = converted.get(swagger) ?? { hash: hexHash(swagger), make: () => openApiV3Of(swagger) };
  converted.set(swagger, known);
  return known;
}

/** The version 2 document, with what others serve in their own group versions. */
export function withRemoteSwagger(own: Json, aggregation: Aggregation): Json {
  let merged = own;
  for (const { metadata, spec } of aggregation.remote()) {
    const swagger = aggregation.known.get(metadata.name ?? '')?.swagger;
    if (swagger) merged = mergeSwagger(merged, swagger, `/apis/${spec.group}/${spec.version}/`);
  }
  return merged;
}

/** Only paths below the prefix count, with the definitions they need. A name that means something else already gets another. */
export function mergeSwagger(own: Json, other: Swagger, prefix: string): Json {
  const paths = Object.fromEntries(Object.entries(other.paths ?? {}).filter(([path]) => `${path}/`.startsWith(prefix)));
  const needed = definitionsNeeded(paths, other.definitions ?? {});
  const ours = own.definitions as Json;
  const renamed = new Map<string, string>();
  for (const [name, definition] of Object.entries(needed)) {
    if (ours[name] !== undefined && !deepEqual(ours[name], definition)) renamed.set(name, freeName(name, ours));
  }
  const added = Object.fromEntries(
    Object.entries(needed).map(([name, definition]) => [renamed.get(name) ?? name, withNames(definition, renamed)]),
  );
  return {
    ...own,
    paths: { ...(own.paths as Json), ...(withNames(paths, renamed) as Json) },
    definitions: { ...ours, ...added },
  };
}

const prefixOfReference = '#/definitions/';

function definitionsNeeded(paths: unknown, definitions: Readonly<Record<string, unknown>>): Json {
  const needed: Json = {};
  const waiting = referencesIn(paths);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name in needed || !(name in definitions)) continue;
    needed[name] = definitions[name];
    waiting.push(...referencesIn(definitions[name]));
  }
  return needed;
}

function referencesIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' && inner.startsWith(prefixOfReference)
      ? [inner.slice(prefixOfReference.length)]
      : referencesIn(inner),
  );
}

function freeName(name: string, taken: Json): string {
  for (let i = 2; ; i++) if (taken[`${name}_v${i}`] === undefined) return `${name}_v${i}`;
}

function withNames(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (renamed.size === 0 || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((each) => withNames(each, renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = key === '$ref' && typeof inner === 'string' ? inner.slice(prefixOfReference.length) : undefined;
      const other = name === undefined ? undefined : renamed.get(name);
      return [key, other ? prefixOfReference + other : withNames(inner, renamed)];
    }),
  );
}
