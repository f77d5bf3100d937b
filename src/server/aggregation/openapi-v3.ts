// An OpenAPI document of version 2 as one of version 3, for servers that have none: in Kubernetes' way, which loses what it does not know.

import { isJsonObject } from '../../base/equal.ts';
import type { Swagger } from './remote-discovery.ts';

type Json = Record<string, unknown>;

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

export function openApiV3Of(swagger: Swagger): Json {
  const { info, externalDocs, paths, securityDefinitions, definitions, responses, produces } = swagger as Json;
  const components = {
    ...mapped('schemas', definitions, schema),
    ...mapped('securitySchemes', securityDefinitions, securityScheme),
    ...mapped('responses', responses, (each) => response(each, produces)),
  };
  return {
    openapi: '3.0.0',
    info,
    ...mapped('paths', paths, (item, key) => (isExtension(key) ? item : pathItem(item))),
    components,
    ...kept({ externalDocs }),
  };
}

const isExtension = (key: string): boolean => key.startsWith('x-');

const extensions = (from: Json): Json => Object.fromEntries(Object.entries(from).filter(([key]) => isExtension(key)));

/** What there is of it: as in Go, nothing that is empty. */
const kept = (fields: Json): Json =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== false && value !== ''),
  );

function mapped(name: string, values: unknown, convert: (value: Json, key: string) => unknown): Json {
  if (!isJsonObject(values)) return {};
  const entries = Object.entries(values).map(([key, value]) => [key, convert(value as Json, key)] as const);
  return { [name]: Object.fromEntries(entries) };
}

function pathItem(item: Json): Json {
  const operations = methods.flatMap((method) =>
    isJsonObject(item[method]) ? [[method, operation(item[method])] as const] : [],
  );
  const parameters = listOf(item.parameters).map(parameter);
  return {
    ...kept({ $ref: item.$ref }),
    ...Object.fromEntries(operations),
    ...(parameters.length > 0 && { parameters }),
    ...extensions(item),
  };
}

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);

const isBody = ({ name, schema }: Json): boolean => name === 'body' && schema !== undefined;

function operation(from: Json): Json {
  const { tags, summary, description, externalDocs, operationId, deprecated, consumes, produces } = from;
  const given = listOf(from.parameters);
  const body = given.findLast(isBody);
  const parameters = given.filter((each) => !isBody(each)).map(parameter);
  return {
    ...kept({ tags, summary, description, externalDocs, operationId }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: contentOf(consumes, body.schema as Json) }),
    ...mapped('responses', from.responses, (each, key) => (isExtension(key) ? each : response(each, produces))),
    ...kept({ deprecated }),
    ...extensions(from),
  };
}

function contentOf(types: unknown, of: Json): Json {
  if (!Array.isArray(types) || types.length === 0) return {};
  return { content: Object.fromEntries((types as string[]).map((type) => [type, { schema: schema(of) }])) };
}

const response = (from: Json, produces: unknown): Json => ({
  ...kept({ $ref: moved(from.$ref, 'responses'), description: from.description }),
  ...(isJsonObject(from.schema) && contentOf(produces, from.schema)),
  ...extensions(from),
});

function parameter(from: Json): Json {
  const { name, in: place, description, required, allowEmptyValue, type = '', format, uniqueItems } = from;
  const own = isJsonObject(from.schema) ? schema(from.schema) : { type, ...kept({ format, uniqueItems }) };
  return {
    ...kept({ $ref: moved(from.$ref, 'parameters'), name, in: place, description, required, allowEmptyValue }),
    schema: own,
    ...extensions(from),
  };
}

const moved = (reference: unknown, sort: 'responses' | 'parameters'): unknown =>
  typeof reference === 'string' ? reference.replace(`#/${sort}/`, `#/components/${sort}/`) : undefined;

function securityScheme(from: Json): Json {
  const { type, description, name, in: place, flow, authorizationUrl, tokenUrl, scopes } = from;
  const flows = typeof flow === 'string' ? { [flow]: kept({ authorizationUrl, tokenUrl, scopes }) } : undefined;
  return { ...kept({ type, description, name, in: place, flows }), ...extensions(from) };
}

const definitionsPrefix = '#/definitions/';
const schemasPrefix = '#/components/schemas/';

/** A reference beside other words is wrapped: in version 3 it would stand for all of them. */
function schema(from: Json): Json {
  const { $ref, properties, items, additionalProperties, additionalItems, ...rest } = from;
  const converted = {
    ...rest,
    ...mapped('properties', properties, schema),
    ...inner('items', items),
    ...inner('additionalProperties', additionalProperties),
    ...inner('additionalItems', additionalItems),
  };
  if (typeof $ref !== 'string') return converted;
  const reference = { $ref: $ref.replace(definitionsPrefix, schemasPrefix) };
  return Object.keys(converted).length === 0 ? reference : { ...converted, allOf: [reference] };
}

/** A schema, several, or a boolean. */
function inner(name: string, value: unknown): Json {
  if (value === undefined) return {};
  if (Array.isArray(value)) return { [name]: (value as Json[]).map(schema) };
  return { [name]: isJsonObject(value) ? schema(value) : value };
}
