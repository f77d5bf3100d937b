// What keeps a schema from being structural: every part has a type, and alternatives restrict values without saying anything of structure.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { regexMistake } from '../../languages/cel/regex.ts';
import { type JsonSchema, additionalOf, isEmbedded, isIntOrString, itemsOf, preserves } from './structural.ts';

type Level = 'root' | 'field' | 'item';

/** In the order of their words: upstream sorts them. */
export function structuralIssues(schema: JsonSchema, field: string): Issue[] {
  const issues = [...invariantIssues(schema, field, 'root'), ...restrictionIssues(schema, schema, field, field)];
  const text = (issue: Issue) => `${issue.field}: ${issue.message}`;
  return issues.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

const untyped: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

function invariantIssues(schema: JsonSchema, field: string, level: Level): Issue[] {
  const items = itemsOf(schema);
  const { additionalProperties } = schema;
  const issues = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    invariantIssues(property, `${field}.properties[${name}]`, 'field'),
  );
  if (items) issues.push(...invariantIssues(items, `${field}.items`, 'item'));
  else if (schema.type === 'array') issues.push(required(`${field}.items`, 'must be specified'));
  if (additionalProperties !== undefined) {
    const place = `${field}.additionalProperties`;
    if (level === 'root') issues.push(forbiddenField(place, 'must not be used at the root'));
    if (isEmbedded(schema))
      issues.push(forbiddenField(place, 'must not be used if x-kubernetes-embedded-resource is set'));
    if (typeof additionalProperties === 'object') issues.push(...invariantIssues(additionalProperties, place, 'field'));
  }
  return [
    ...issues,
    ...intOrStringIssues(schema, field),
    ...alternativeIssues(schema, field),
    ...typeIssues(schema, field, level),
    ...resourceIssues(schema, field, level),
  ];
}

function intOrStringIssues(schema: JsonSchema, field: string): Issue[] {
  if (!isIntOrString(schema)) return [];
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((word) => schema[word] === true)
    .map((word) => invalid(`${field}.${word}`, true, 'must be false if x-kubernetes-int-or-string is true'));
}

function typeIssues(schema: JsonSchema, field: string, level: Level): Issue[] {
  const { type = '' } = schema;
  const place = `${field}.type`;
  const issues: Issue[] = [];
  if (isEmbedded(schema) && type !== 'object') {
    const rule = 'must be object if x-kubernetes-embedded-resource is true';
    issues.push(type === '' ? required(place, rule) : invalid(place, type, rule));
  } else if (type === '' && !isIntOrString(schema) && !preserves(schema)) {
    issues.push(required(place, untyped[level]));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    issues.push(invalid(place, type, 'must be object at the root'));
  return issues;
}

/** What every object has may be declared only as what it is; the metadata of the resource itself hardly at all. */
function resourceIssues(schema: JsonSchema, field: string, level: Level): Issue[] {
  const { properties = {} } = schema;
  const isResource = level === 'root' || isEmbedded(schema);
  const issues: Issue[] = [];
  const types = { kind: 'string', apiVersion: 'string', metadata: 'object' } as const;
  for (const [name, type] of isResource ? Object.entries(types) : []) {
    const property = properties[name];
    if (!property || property.type === type) continue;
    issues.push(invalid(`${field}.properties[${name}].type`, property.type ?? '', `must be ${type}`));
  }
  if (level === 'root' && properties.metadata && !isPlainMetadata(properties.metadata)) {
    const rule = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    issues.push(forbiddenField(`${field}.properties[metadata]`, rule));
  }
  if (isEmbedded(schema) && !preserves(schema) && Object.keys(properties).length === 0) {
    const when = 'x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    issues.push(required(`${field}.properties`, `must not be empty if ${when}`));
  }
  return issues;
}

function isPlainMetadata({ type: _, default: __, properties = {}, ...others }: JsonSchema): boolean {
  const named = Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
  return named && Object.keys(others).length === 0;
}

// Alternatives

const integerOrString = [{ type: 'integer' }, { type: 'string' }];
const isIntegerOrString = (anyOf: readonly JsonSchema[] | undefined) => deepEqual(anyOf, integerOrString);

/** Those of a schema; `anyOf: [{type: integer}, {type: string}]` is how an integer or string may be written out. */
function alternativeIssues(schema: JsonSchema, field: string): Issue[] {
  const isWrittenOut = isIntegerOrString(schema.anyOf);
  const isWithin = isIntegerOrString(schema.allOf?.[0]?.anyOf);
  return valueIssues(schema, field, isWrittenOut, isWithin);
}

function valueIssues(schema: JsonSchema, field: string, skipsAnyOf: boolean, skipsFirst: boolean): Issue[] {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema;
  const problem = pattern ? regexMistake(pattern) : '';
  return [
    ...(skipsAnyOf ? [] : anyOf.flatMap((each, i) => nestedIssues(each, `${field}.anyOf[${i}]`))),
    ...allOf.flatMap((each, i) => nestedIssues(each, `${field}.allOf[${i}]`, skipsFirst && i === 0)),
    ...oneOf.flatMap((each, i) => nestedIssues(each, `${field}.oneOf[${i}]`)),
    ...(not ? nestedIssues(not, `${field}.not`) : []),
    ...(pattern && problem
      ? [invalid(`${field}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`)]
      : []),
  ];
}

/** What must not be said in an alternative, and how it must be instead. */
const forbidden: readonly (readonly [keyof JsonSchema, 'empty' | 'undefined' | 'false'])[] = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
];

function nestedIssues(schema: JsonSchema, field: string, skipsAnyOf = false): Issue[] {
  const items = itemsOf(schema);
  const isSaid = (name: keyof JsonSchema): boolean => {
    const value: unknown = schema[name];
    return name === 'default' ? value !== undefined : Array.isArray(value) ? value.length > 0 : Boolean(value);
  };
  return [
    ...valueIssues(schema, field, skipsAnyOf, false),
    ...(items ? nestedIssues(items, `${field}.items`) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      nestedIssues(property, `${field}.properties[${name}]`),
    ),
    ...forbidden
      .filter(([name]) => isSaid(name))
      .map(([name, how]) => forbiddenField(`${field}.${name}`, `must be ${how} to be structural`)),
    ...(schema.properties && 'metadata' in schema.properties
      ? [forbiddenField(`${field}.properties[metadata]`, 'must not be specified in a nested context')]
      : []),
  ];
}

// Completeness

/** What an alternative of the whole resource speaks of must be declared outside of it. */
function restrictionIssues(outer: JsonSchema, nested: JsonSchema, field: string, place: string): Issue[] {
  return alternativesOf(nested).flatMap(([name, inner]) => undeclaredIssues(outer, inner, field, `${place}.${name}`));
}

/** The alternatives of a schema, by where they stand. */
export function alternativesOf(schema: JsonSchema): [string, JsonSchema][] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((word) =>
    (schema[word] ?? []).map((nested, i): [string, JsonSchema] => [`${word}[${i}]`, nested]),
  );
  return schema.not ? [['not', schema.not], ...lists] : lists;
}

function undeclaredIssues(outer: JsonSchema, nested: JsonSchema, field: string, place: string): Issue[] {
  const missing = (where: string, there: string) => required(where, `because it is defined in ${there}`);
  const items = itemsOf(nested);
  const declaredItems = itemsOf(outer);
  const issues = restrictionIssues(outer, nested, field, place);
  if (items && declaredItems) {
    issues.push(...undeclaredIssues(declaredItems, items, `${field}.items`, `${place}.items`));
  } else if (items) issues.push(missing(`${field}.items`, `${place}.items`));
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const [where, there] = [`${field}.properties[${name}]`, `${place}.properties[${name}]`];
    const declared = outer.properties?.[name];
    issues.push(...(declared ? undeclaredIssues(declared, property, where, there) : [missing(where, there)]));
  }
  return issues;
}

/** Why a schema has no structure at all; undefined where it has one. */
export function unreadable(schema: JsonSchema): string | undefined {
  const isSaid = (value: unknown) =>
    Array.isArray(value) || typeof value === 'object' ? Object.keys(value as object).length > 0 : Boolean(value);
  const word = (['id', '$schema', '$ref', 'patternProperties', 'dependencies'] as const).find((name) =>
    isSaid(schema[name]),
  );
  if (word) return `OpenAPIV3Schema '${word === '$schema' ? 'schema' : word}' is not supported`;
  if (schema.additionalItems !== undefined) return "OpenAPIV3Schema 'additionalItems' is not supported";
  if (isSaid(schema.definitions)) return "OpenAPIV3Schema 'definitions' is not supported";
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (Array.isArray(schema.items) && schema.items.length > 0)
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const within = [
    itemsOf(schema),
    additionalOf(schema),
    ...Object.values(schema.properties ?? {}),
    ...alternativesOf(schema).map(([, nested]) => nested),
  ];
  for (const each of within) {
    const why = each && unreadable(each);
    if (why !== undefined) return why;
  }
  return undefined;
}
