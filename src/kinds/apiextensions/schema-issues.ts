// What is wrong with the schema of a custom resource: it must be structural, its defaults must fit, its words and rules must make sense.

import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { defaultIssues } from './default-issues.ts';
import { type Declared, declare, escapeName } from './declared.ts';
import { type CostSum, compileIssues, textIssues, totalIssues } from './rule-issues.ts';
import { alternativesOf, structuralIssues, unreadable } from './structural-issues.ts';
import { type JsonSchema, additionalOf, isEmbedded, itemsOf } from './structural.ts';

/** `isUnchanged`: it was accepted once, whatever its rules may cost. */
export function schemaIssues(schema: JsonSchema, field: string, isUnchanged = false): Issue[] {
  const why = unreadable(schema);
  const structural = why === undefined ? structuralIssues(schema, field) : [];
  const whole = why === undefined && structural.length === 0 ? defaultIssues(schema, field) : structural;
  const compiles = why === undefined && whole.length === 0;
  const walk: Walk = { compiles, sum: { limitsRules: !isUnchanged, total: 0, large: [] } };
  const found = look(
    { schema, field, isResource: true, isRoot: true, times: 1, insideMetadata: false },
    walk,
    compiles,
  );
  const issues = [
    ...(schema.nullable ? [forbiddenField(`${field}.nullable`, 'nullable cannot be true at the root')] : []),
    ...whole,
    ...found.schema,
    ...found.rules,
  ];
  const unread = why !== undefined && issues.length === 0 ? [invalid(field, '', why)] : [];
  return [...issues, ...unread, ...totalIssues(walk.sum, field)];
}

interface Place {
  readonly schema: JsonSchema;
  readonly field: string;
  readonly isResource: boolean;
  readonly isRoot?: boolean;
  /** Within apiVersion, kind or metadata of a resource. */
  readonly insideMetadata: boolean;
  /** Why there may be no defaults. */
  readonly undefaulted?: string | undefined;
  /** As the schema around it declared it, where that has rules. */
  readonly declared?: Declared | undefined;
  /** How often it can be there; undefined: nobody says. */
  readonly times: number | undefined;
  /** The list around it whose items cannot be told apart from one version of the object to the next. */
  readonly unordered?: string | undefined;
}

interface Walk {
  /** Off where the schema is broken already: its types cannot be told. */
  readonly compiles: boolean;
  readonly sum: CostSum;
}

interface Found {
  /** Of the schemas, which keep rules around them from being compiled. */
  readonly schema: readonly Issue[];
  readonly rules: readonly Issue[];
}

function look(place: Place, walk: Walk, compiles: boolean): Found {
  const { schema, field } = place;
  const rules = schema['x-kubernetes-validations'] ?? [];
  const declared =
    place.declared ?? (compiles && rules.length > 0 ? declare(schema, 'selfType1', place.isResource) : undefined);
  const children = childrenOf({ ...place, declared });
  const alternatives = alternativesOf(schema).map(
    ([name, inner]): Place => ({ ...place, schema: inner, field: `${field}.${name}`, declared: undefined }),
  );
  const below = [
    ...children.named.map((child) => look(child, walk, compiles)),
    ...alternatives.map((each) => look(each, walk, false)),
    ...children.items.map((child) => look(child, walk, compiles)),
  ];
  const issues = [
    ...wordIssues(place),
    ...below.flatMap((each) => each.schema),
    ...extensionIssues(schema, field),
    ...rules.flatMap((rule, i) => textIssues(rule, `${field}.x-kubernetes-validations[${i}]`, schema)),
  ];
  const inner = below.flatMap((each) => each.rules);
  if (rules.length === 0 || !compiles || issues.length > 0) return { schema: issues, rules: inner };
  return { schema: issues, rules: [...inner, ...compileIssues({ ...place, declared }, walk.sum)] };
}

const head = new Set(['apiVersion', 'kind', 'metadata']);

function childrenOf(place: Place): { readonly named: Place[]; readonly items: Place[] } {
  const { schema, field, declared, times, unordered, insideMetadata, undefaulted } = place;
  const additional = additionalOf(schema);
  const items = itemsOf(schema);
  const most = mostBelow(schema);
  const common = {
    times: times === undefined || most === undefined ? undefined : times * most,
    unordered,
    insideMetadata,
    undefaulted,
  };
  const isMap = typeof schema.additionalProperties === 'object' && additional !== undefined;
  const inMetadata = 'inside additionalProperties applying to object metadata';
  const named = [
    ...(isMap
      ? [
          {
            ...common,
            schema: additional,
            field: `${field}.additionalProperties`,
            isResource: isEmbedded(additional),
            declared: declared?.element,
            undefaulted: insideMetadata ? inMetadata : undefaulted,
          },
        ]
      : []),
    ...Object.entries(schema.properties ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, property]) => {
        const known = escapeName(name);
        const isHead = place.isResource && head.has(name);
        return {
          ...common,
          schema: property,
          field: `${field}.properties[${name}]`,
          isResource: isEmbedded(property),
          declared: known === undefined ? undefined : declared?.fields?.get(known),
          insideMetadata: insideMetadata || isHead,
          undefaulted: isHead && place.isRoot ? `in top-level ${name}` : undefaulted,
        };
      }),
  ];
  const isUnordered = schema['x-kubernetes-list-type'] !== 'map';
  const item = items && {
    ...common,
    schema: items,
    field: `${field}.items`,
    isResource: isEmbedded(items),
    declared: declared?.element,
    unordered: unordered ?? (isUnordered ? field : undefined),
  };
  return { named, items: item ? [item] : [] };
}

/** By how much a schema multiplies what is below it; undefined where there is no bound. */
function mostBelow({ type, additionalProperties, maxItems, maxProperties }: JsonSchema): number | undefined {
  const limit = type === 'array' ? maxItems : type === 'object' && additionalProperties ? maxProperties : 1;
  return limit === undefined ? undefined : Math.max(limit, 0);
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

/** Words that a schema may not use at all, or not here. */
function wordIssues({ schema, field, undefaulted, insideMetadata }: Place): Issue[] {
  const { type = '', additionalProperties, properties = {} } = schema;
  const issues: Issue[] = [];
  const forbid = (word: string, rule: string) => void issues.push(forbiddenField(`${field}.${word}`, rule));
  if (type !== '' && !types.includes(type)) issues.push(notSupported(`${field}.type`, type, types));
  if (schema.default !== undefined && undefaulted !== undefined) forbid('default', `must not be set ${undefaulted}`);
  for (const word of unsupported) if (schema[word] !== undefined) forbid(word, `${word} is not supported`);
  if (type === 'null') forbid('type', 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items)) forbid('items', 'items must be a schema object and not an array');
  if (insideMetadata && isEmbedded(schema))
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  if (schema.uniqueItems)
    forbid('uniqueItems', 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
  if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties).length > 0)
    forbid('additionalProperties', 'additionalProperties and properties are mutual exclusive');
  return issues;
}

function extensionIssues(schema: JsonSchema, field: string): Issue[] {
  const mapType = schema['x-kubernetes-map-type'];
  const listType = schema['x-kubernetes-list-type'];
  const issues: Issue[] = [];
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    issues.push(invalid(`${field}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (mapType !== undefined) {
    issues.push(...mistypedIssues(schema, field, 'x-kubernetes-map-type', 'object'));
    if (mapType !== 'atomic' && mapType !== 'granular')
      issues.push(notSupported(`${field}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined) {
    const mistyped = mistypedIssues(schema, field, 'x-kubernetes-list-type', 'array');
    issues.push(...mistyped, ...(mistyped.length === 0 && listType === 'set' ? setIssues(schema, field) : []));
    if (!['atomic', 'map', 'set'].includes(listType))
      issues.push(notSupported(`${field}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']));
  }
  return [...issues, ...keyIssues(schema, field), ...identityIssues(schema, field)];
}

function mistypedIssues({ type = '' }: JsonSchema, field: string, word: string, wanted: string): Issue[] {
  if (type === wanted) return [];
  const rule = `must be ${wanted} if ${word} is specified`;
  return [type === '' ? required(`${field}.type`, rule) : invalid(`${field}.type`, type, rule)];
}

/** The items of a set are told apart as wholes. */
function setIssues(schema: JsonSchema, field: string): Issue[] {
  const items = itemsOf(schema);
  const rule = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const itemList = items?.['x-kubernetes-list-type'];
  if (items?.type === 'array' && itemList !== undefined && itemList !== 'atomic')
    return [invalid(`${field}.items.x-kubernetes-list-type`, itemList, rule)];
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    return [invalid(`${field}.items.x-kubernetes-map-type`, itemList ?? null, rule)];
  return [];
}

function keyIssues(schema: JsonSchema, field: string): Issue[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const listType = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  const issues: Issue[] = [];
  if (keys.length > 0 && listType !== 'map') {
    const rule = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const place = `${field}.x-kubernetes-list-type`;
    issues.push(listType === undefined ? required(place, rule) : invalid(place, listType, rule));
  }
  if (listType !== 'map') return issues;
  const place = `${field}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) issues.push(required(place, 'must not be empty if x-kubernetes-list-type is map'));
  if (!items) return [...issues, required(`${field}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type !== 'object') {
    const rule = "must be object if parent array's x-kubernetes-list-type is map";
    return [...issues, invalid(`${field}.items.type`, items.type ?? '', rule)];
  }
  keys.forEach((key, i) => {
    const property = items.properties?.[key];
    if (!property) issues.push(invalid(place, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const rule = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      issues.push(invalid(`${field}.items.properties[${key}].type`, items.type, rule));
    }
    if (keys.indexOf(key) < i) issues.push(invalid(place, keys, 'must not contain duplicate entries'));
  });
  return issues;
}

/** What tells items apart is always there. */
function identityIssues(schema: JsonSchema, field: string): Issue[] {
  const listType = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  if (!items || (listType !== 'map' && listType !== 'set')) return [];
  const issues: Issue[] = [];
  if (items.nullable) {
    const rule = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    issues.push(forbiddenField(`${field}.items.nullable`, rule));
  }
  for (const key of listType === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []) {
    const property = items.properties?.[key];
    const place = `${field}.items.properties[${key}]`;
    const what = 'this property is in x-kubernetes-list-map-keys, so it';
    if (property && !items.required?.includes(key) && property.default === undefined)
      issues.push(required(`${place}.default`, `${what} must have a default or be a required property`));
    if (property?.nullable) issues.push(forbiddenField(`${place}.nullable`, `${what} cannot be nullable`));
  }
  return issues;
}
