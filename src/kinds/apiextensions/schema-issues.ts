// What is wrong with the schema of a custom resource itself: it must be structural, and its defaults must fit.

import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { fill, hasUnknown } from './read.ts';
import { type JsonSchema, additionalOf, isEmbedded, isIntOrString, itemsOf, preserves } from './structural.ts';
import { ruleIssues } from './rule-issues.ts';
import { judgeOf } from './judge.ts';
import { expressionOf, valueIssues } from './value-issues.ts';

/** `isUnchanged`: it was accepted once, whatever its rules may cost. */
export function schemaIssues(schema: JsonSchema, field: string, isUnchanged = false): Issue[] {
  const unsupported = everywhere(schema, field, unsupportedIssues);
  if (unsupported.length > 0) return unsupported;
  const structural = [
    ...resourceFieldIssues(schema, field),
    ...structuralIssues(schema, field, 'root'),
    ...completenessIssues(schema, field),
  ];
  const issues = structural.length > 0 ? structural : defaultIssues(schema, field, 'root');
  const checks = { others: valueRuleIssues, compiles: issues.length === 0, limitsRules: !isUnchanged };
  return [...issues, ...ruleIssues(schema, field, checks)];
}

const sortedProperties = (schema: JsonSchema): [string, JsonSchema][] =>
  Object.entries(schema.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

/** A check of one schema, for it and for all below. */
function everywhere(schema: JsonSchema, field: string, check: (schema: JsonSchema, field: string) => Issue[]): Issue[] {
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  return [
    ...check(schema, field),
    ...(items ? everywhere(items, `${field}.items`, check) : []),
    ...sortedProperties(schema).flatMap(([name, property]) =>
      everywhere(property, `${field}.properties[${name}]`, check),
    ),
    ...(additional ? everywhere(additional, `${field}.additionalProperties`, check) : []),
    ...nestedOf(schema).flatMap(([place, nested]) => everywhere(nested, `${field}.${place}`, check)),
  ];
}

function nestedOf(schema: JsonSchema): [string, JsonSchema][] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((word) =>
    (schema[word] ?? []).map((nested, i): [string, JsonSchema] => [`${word}[${i}]`, nested]),
  );
  return schema.not ? [...lists, ['not', schema.not]] : lists;
}

const unsupportedWords = ['$ref', 'definitions', 'dependencies', 'id', 'patternProperties', 'additionalItems'] as const;

function unsupportedIssues(schema: JsonSchema, field: string): Issue[] {
  const issues: Issue[] = unsupportedWords
    .filter((word) => schema[word] !== undefined)
    .map((word) => forbiddenField(`${field}.${word}`, `${word} is not supported`));
  if (Array.isArray(schema.items)) {
    issues.push(forbiddenField(`${field}.items`, 'items must be a schema object and not an array'));
  }
  return issues;
}

function resourceFieldIssues(schema: JsonSchema, field: string): Issue[] {
  const types = { apiVersion: 'string', kind: 'string', metadata: 'object' } as const;
  return Object.entries(types).flatMap(([name, type]) => {
    const property = schema.properties?.[name];
    if (!property || property.type === type) return [];
    return [invalid(`${field}.properties[${name}].type`, property.type ?? '', `must be ${type}`)];
  });
}

type Level = 'root' | 'field' | 'item';

const unnamedAt: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

function structuralIssues(schema: JsonSchema, field: string, level: Level): Issue[] {
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const issues = [
    ...(items ? structuralIssues(items, `${field}.items`, 'item') : []),
    ...sortedProperties(schema).flatMap(([name, property]) =>
      structuralIssues(property, `${field}.properties[${name}]`, 'field'),
    ),
    ...(additional && typeof schema.additionalProperties === 'object'
      ? structuralIssues(additional, `${field}.additionalProperties`, 'field')
      : []),
    ...typeIssues(schema, field, level),
    ...extensionIssues(schema, field),
    ...nestedOf(schema).flatMap(([place, nested]) =>
      isIntOrStringChoice(schema, place, nested) ? [] : nestedIssues(nested, `${field}.${place}`),
    ),
  ];
  if (level === 'root' || isEmbedded(schema)) issues.push(...metadataIssues(schema.properties?.metadata, field));
  return issues;
}

function typeIssues(schema: JsonSchema, field: string, level: Level): Issue[] {
  const { type = '', properties, additionalProperties } = schema;
  const issues: Issue[] = [];
  if (isEmbedded(schema) && type !== 'object') {
    const rule = 'must be object if x-kubernetes-embedded-resource is true';
    issues.push(type ? invalid(`${field}.type`, type, rule) : required(`${field}.type`, rule));
  } else if (type === '') {
    if (isIntOrString(schema)) return issues;
    if (!preserves(schema) && !schema['x-kubernetes-map-type'])
      issues.push(required(`${field}.type`, unnamedAt[level]));
  } else if (!types.includes(type)) {
    issues.push(notSupported(`${field}.type`, type, types));
  } else if (level === 'root' && type !== 'object') {
    issues.push(invalid(`${field}.type`, type, 'must be object at the root'));
  }
  if (type === 'array' && !itemsOf(schema)) issues.push(required(`${field}.items`, 'must be specified'));
  if (properties && Object.keys(properties).length > 0 && additionalProperties !== undefined) {
    issues.push(forbiddenField(`${field}.additionalProperties`, 'mutually exclusive with properties'));
  }
  return issues;
}

/** `anyOf: [{type: integer}, {type: string}]` is how an integer or string may be written out. */
function isIntOrStringChoice(schema: JsonSchema, place: string, nested: JsonSchema): boolean {
  if (!isIntOrString(schema)) return false;
  const choice = (anyOf: readonly JsonSchema[] | undefined) =>
    anyOf?.length === 2 && anyOf[0]?.type === 'integer' && anyOf[1]?.type === 'string';
  return (
    (place.startsWith('anyOf') && Boolean(choice(schema.anyOf))) ||
    (place === 'allOf[0]' && Boolean(choice(nested.anyOf)))
  );
}

const emptyInNested = ['type', 'title', 'description'] as const;
const undefinedInNested = ['default', 'additionalProperties'] as const;
const falseInNested = ['nullable'] as const;
const extensions = [
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

/** Alternatives only restrict values; they say nothing of structure. */
function nestedIssues(schema: JsonSchema, field: string): Issue[] {
  const items = itemsOf(schema);
  const forbid = (names: readonly (keyof JsonSchema)[], rule: string) =>
    names.filter((name) => schema[name]).map((name) => forbiddenField(`${field}.${name}`, rule));
  return [
    ...(items ? nestedIssues(items, `${field}.items`) : []),
    ...sortedProperties(schema).flatMap(([name, property]) => nestedIssues(property, `${field}.properties[${name}]`)),
    ...forbid(emptyInNested, 'must be empty to be structural'),
    ...forbid(undefinedInNested, 'must be undefined to be structural'),
    ...forbid(falseInNested, 'must be false to be structural'),
    ...forbid(extensions, 'must be empty to be structural'),
    ...nestedOf(schema).flatMap(([place, nested]) => nestedIssues(nested, `${field}.${place}`)),
  ];
}

function metadataIssues(metadata: JsonSchema | undefined, field: string): Issue[] {
  if (!metadata) return [];
  const { type: _, properties, ...others } = metadata;
  const named = Object.keys(properties ?? {}).every((name) => name === 'name' || name === 'generateName');
  if (metadata.type !== undefined && metadata.type !== 'object') return [];
  const { default: __, ...rest } = others;
  if (named && Object.keys(rest).length === 0) return [];
  const rule = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [forbiddenField(`${field}.properties[metadata]`, rule)];
}

function extensionIssues(schema: JsonSchema, field: string): Issue[] {
  const issues: Issue[] = [];
  const preserve = schema['x-kubernetes-preserve-unknown-fields'];
  if (preserve === false) {
    issues.push(invalid(`${field}.x-kubernetes-preserve-unknown-fields`, preserve, 'must be true or undefined'));
  }
  const ofType = (word: string, type: string) => {
    if (schema.type === type) return;
    const rule = `must be ${type} if ${word} is specified`;
    issues.push(schema.type ? invalid(`${field}.type`, schema.type, rule) : required(`${field}.type`, rule));
  };
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    if (mapType !== 'atomic' && mapType !== 'granular') {
      issues.push(notSupported(`${field}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
    }
    ofType('x-kubernetes-map-type', 'object');
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== undefined) {
    if (!['atomic', 'map', 'set'].includes(listType)) {
      issues.push(notSupported(`${field}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']));
    }
    ofType('x-kubernetes-list-type', 'array');
  }
  return [...issues, ...keyIssues(schema, field)];
}

function keyIssues(schema: JsonSchema, field: string): Issue[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const place = `${field}.x-kubernetes-list-map-keys`;
  if (schema['x-kubernetes-list-type'] !== 'map') {
    const rule = 'must not be specified if x-kubernetes-list-type is not map';
    return keys.length > 0 ? [forbiddenField(place, rule)] : [];
  }
  const items = itemsOf(schema) ?? {};
  const issues: Issue[] = [];
  if (keys.length === 0) issues.push(required(place, 'must not be empty if x-kubernetes-list-type is map'));
  if (items.type && items.type !== 'object') {
    issues.push(
      invalid(`${field}.items.type`, items.type, "must be object if parent array's x-kubernetes-list-type is map"),
    );
  }
  if (items.nullable) {
    issues.push(forbiddenField(`${field}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is map'));
  }
  keys.forEach((key, i) => {
    const property = items.properties?.[key];
    if (!property) {
      const rule = 'entries must all be names of item properties';
      issues.push(invalid(`${place}[${i}]`, key, rule));
    } else if (!items.required?.includes(key) && property.default === undefined) {
      const rule =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      issues.push(required(`${field}.items.properties[${key}].default`, rule));
    }
  });
  return issues;
}

/** What an alternative speaks of must be declared outside of it. */
function completenessIssues(schema: JsonSchema, field: string): Issue[] {
  const items = itemsOf(schema);
  return [
    ...nestedOf(schema).flatMap(([place, nested]) => undeclaredIssues(schema, nested, field, `${field}.${place}`)),
    ...(items ? completenessIssues(items, `${field}.items`) : []),
    ...sortedProperties(schema).flatMap(([name, property]) =>
      completenessIssues(property, `${field}.properties[${name}]`),
    ),
  ];
}

function undeclaredIssues(outer: JsonSchema, nested: JsonSchema, field: string, place: string): Issue[] {
  return [
    ...sortedProperties(nested).flatMap(([name, property]) => {
      const declared = outer.properties?.[name] ?? additionalOf(outer);
      const there = `${place}.properties[${name}]`;
      if (!declared) return [required(`${field}.properties[${name}]`, `because it is defined in ${there}`)];
      return undeclaredIssues(declared, property, `${field}.properties[${name}]`, there);
    }),
    ...nestedOf(nested).flatMap(([deeper, inner]) => undeclaredIssues(outer, inner, field, `${place}.${deeper}`)),
  ];
}

function valueRuleIssues(schema: JsonSchema, field: string): Issue[] {
  const issues: Issue[] = [];
  if (schema.uniqueItems) {
    const rule = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    issues.push(forbiddenField(`${field}.uniqueItems`, rule));
  }
  if (schema.pattern) {
    const problem = patternProblem(schema.pattern);
    if (problem) {
      issues.push(
        invalid(`${field}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${problem}`),
      );
    }
  }
  return issues;
}

/** In the words of Go's regexp, which knows no looking around and no backreferences. */
function patternProblem(pattern: string): string | undefined {
  const around = /\(\?<?[=!].*/s.exec(pattern)?.[0];
  if (around) {
    const named = around.startsWith('(?<');
    return named
      ? `error parsing regexp: invalid named capture: \`${around}\``
      : `error parsing regexp: invalid or unsupported Perl syntax: \`${around.slice(0, 3)}\``;
  }
  if (expressionOf(pattern)) return undefined;
  const opened = (pattern.match(/(?<!\\)\(/g) ?? []).length;
  const closed = (pattern.match(/(?<!\\)\)/g) ?? []).length;
  if (opened > closed) return `error parsing regexp: missing closing ): \`${pattern}\``;
  if (closed > opened) return `error parsing regexp: unexpected ): \`${pattern}\``;
  return `error parsing regexp: missing closing ]: \`${pattern.slice(Math.max(0, pattern.lastIndexOf('[')))}\``;
}

/** Defaults have their place, know no unknown fields, and fit their schema. */
function defaultIssues(schema: JsonSchema, field: string, level: Level | 'metadata'): Issue[] {
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const own = schema.default === undefined ? [] : oneDefaultIssues(schema, field, level === 'root');
  return [
    ...own,
    ...(items ? defaultIssues(items, `${field}.items`, 'item') : []),
    ...sortedProperties(schema).flatMap(([name, property]) => {
      const place = `${field}.properties[${name}]`;
      const head = level === 'root' && ['apiVersion', 'kind', 'metadata'].includes(name);
      if (head) return headDefaultIssues(property, place, name);
      return defaultIssues(property, place, 'field');
    }),
    ...(additional ? defaultIssues(additional, `${field}.additionalProperties`, 'field') : []),
  ];
}

const headDefaultIssues = (schema: JsonSchema, field: string, name: string): Issue[] =>
  everywhere(schema, field, (each, place) =>
    each.default === undefined ? [] : [forbiddenField(`${place}.default`, `must not be set in top-level ${name}`)],
  );

function oneDefaultIssues(schema: JsonSchema, field: string, isRoot: boolean): Issue[] {
  const { default: value, ...rest } = schema;
  const place = `${field}.default`;
  const resource = isRoot ? { ...rest, 'x-kubernetes-embedded-resource': true } : rest;
  const filled: unknown = structuredClone(value);
  fill(filled, {});
  const unknown = hasUnknown(value, rest);
  const found = unknown ? resourceHeadIssues(filled, resource) : valueIssues(filled, resource, '');
  const issues = [
    ...(unknown ? [invalid(place, value, 'must not have unknown fields')] : []),
    ...found.map((issue) => ({ ...issue, field: issue.field ? `${place}.${issue.field}` : place })),
  ];
  return found.length > 0 ? issues : [...issues, ...defaultRuleIssues(filled, rest, isRoot, place)];
}

/** A default must hold as a value that stays, and as one that is new. */
function defaultRuleIssues(value: unknown, schema: JsonSchema, isRoot: boolean, path: string): readonly Issue[] {
  const judge = judgeOf(schema, isRoot || isEmbedded(schema));
  if (!judge) return [];
  const { issues } = judge(value, value, { path });
  return issues.length > 0 ? issues : judge(value, undefined, { path }).issues;
}

/** A default with unknown fields is not looked at further, but for what every object has. */
const resourceHeadIssues = (value: unknown, schema: JsonSchema): Issue[] =>
  valueIssues(value, { 'x-kubernetes-embedded-resource': isEmbedded(schema) }, '');
