// Ownership after applies and updates by several managers, for any schema, against a slow model in which everything is a path.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyConfiguration, managedAfterUpdate } from './apply.ts';
import { eachField, type FieldSet, pathText } from './field-set.ts';
import { applyMergePatch } from './merge-patch.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import type { ListSchema, ObjectSchema, Schema } from './schema.ts';
import { ApiError } from './status.ts';

// The model. A value is its nodes: each field, key and entry, by its path; what is one thing has its value, what has parts has none.

/** `.spec`, `.list`, `[name="a"]`: the steps from the root. */
type Path = readonly string[];
type Nodes = ReadonlyMap<string, { readonly path: Path; readonly value: string }>;
type Paths = ReadonlySet<string>;

const keyOf = (path: Path): string => path.join('');
const pathAt = (key: string): Path => key.match(/\.\w+|\[[^\]]*\]/g) ?? [];
const upTo = (path: Path): Path[] => path.map((_, at) => path.slice(0, at + 1));

const parts = (schema: Schema): boolean =>
  schema.type === 'object' || schema.type === 'map'
    ? !schema.atomic
    : schema.type === 'list' && schema.listType !== 'atomic';

function childrenOf(value: unknown, schema: Schema): [step: string, value: unknown, schema: Schema][] {
  if (!parts(schema)) return [];
  if (schema.type === 'list') {
    return (value as unknown[]).map((item) => [`[${identityOf(item, schema)}]`, item, schema.items]);
  }
  return Object.entries(value as object).map(([name, child]) => [`.${name}`, child, schemaAt(schema, `.${name}`)]);
}

function identityOf(item: unknown, { listType, keys }: ListSchema): string {
  if (listType === 'set') return `=${JSON.stringify(item)}`;
  return keys.map((key) => `${key}=${JSON.stringify((item as Record<string, unknown>)[key])}`).join(',');
}

function schemaAt(schema: Schema, step: string): Schema {
  if (schema.type === 'list') return schema.items;
  return schema.type === 'map' ? schema.values : ((schema as ObjectSchema).fields.get(step.slice(1))?.schema as Schema);
}

function nodesOf(root: unknown, schema: Schema): Nodes {
  const nodes = new Map<string, { path: Path; value: string }>();
  const visit = (path: Path, value: unknown, is: Schema) => {
    if (path.length > 0) nodes.set(keyOf(path), { path, value: parts(is) ? '' : stable(value) });
    for (const [step, child, below] of childrenOf(value, is)) visit([...path, step], child, below);
  };
  visit([], root, schema);
  return nodes;
}

const stable = (value: unknown): string => JSON.stringify(value, [...'abcdkz'].sort());

/** Whether the last step is a declared field, rather than a key of a map or an entry of a list. */
function isNamed(path: Path, schema: Schema): boolean {
  const above = path.slice(0, -1).reduce(schemaAt, schema);
  return above.type === 'object';
}

/** What an applier owns of a configuration: what is one thing, entries, keys of maps, and what is empty; not the fields above them. */
function appliedPaths(nodes: Nodes, schema: Schema): Paths {
  const owned = [...nodes.values()].filter(({ path }) => {
    const is = path.reduce(schemaAt, schema);
    const empty =
      is.type !== 'list' && ![...nodes.keys()].some((key) => key !== keyOf(path) && isBelow(key, path, nodes));
    return !parts(is) || !isNamed(path, schema) || empty;
  });
  return new Set(owned.map(({ path }) => keyOf(path)));
}

const isBelow = (key: string, above: Path, nodes: Nodes): boolean =>
  nodes.get(key)?.path.slice(0, above.length).join('') === keyOf(above);

/** The paths, and the declared fields on the way to them. */
function withFieldsAbove(paths: Iterable<Path>, schema: Schema): Paths {
  const all = new Set<string>();
  for (const path of paths) {
    for (const each of upTo(path)) if (each.length === path.length || isNamed(each, schema)) all.add(keyOf(each));
  }
  return all;
}

interface State {
  readonly nodes: Nodes;
  /** `Apply m`, `Update n`. */
  readonly owners: ReadonlyMap<string, Paths>;
}

const changed = (before: Nodes, after: Nodes): string[] =>
  [...after.values()]
    .filter(({ path, value }) => before.get(keyOf(path))?.value !== value)
    .map(({ path }) => keyOf(path));

const lost = (before: Nodes, after: Nodes): string[] => [...before.keys()].filter((key) => !after.has(key));

function withoutPaths(owners: State['owners'], gone: readonly string[], but?: string): Map<string, Paths> {
  const left = [...owners].map(([who, paths]) => [who, who === but ? paths : minus(paths, new Set(gone))] as const);
  return new Map(left.filter(([, paths]) => paths.size > 0));
}

const minus = (paths: Paths, gone: Paths): Paths => new Set([...paths].filter((path) => !gone.has(path)));

/** The nodes without some of them, and all below these. */
const without = (nodes: Nodes, gone: Paths): Nodes =>
  new Map([...nodes].filter(([, { path }]) => !upTo(path).some((each) => gone.has(keyOf(each)))));

/** What can be seen of an object: all but fields in which there is nothing but empty lists. */
const shown = (nodes: Nodes, schema: Schema): Paths =>
  withFieldsAbove([...appliedPaths(nodes, schema)].map(pathAt), schema);

/** Whoever changes something owns it alone; what is gone nobody owns. What nobody owned anything of stays so. */
function modelUpdate(state: State | undefined, by: string, nodes: Nodes): State {
  const before = state?.nodes ?? new Map();
  if (state && state.owners.size === 0) return { nodes, owners: state.owners };
  const touched = changed(before, nodes);
  const owners = withoutPaths(state?.owners ?? new Map(), [...touched, ...lost(before, nodes)]);
  const mine = new Set([...(owners.get(`Update ${by}`) ?? []), ...touched]);
  if (mine.size > 0) owners.set(`Update ${by}`, mine);
  return { nodes, owners };
}

interface Conflict {
  readonly owner: string;
  readonly path: string;
}

/** What is applied holds and is the applier's; what it applied before and nobody owns now goes. */
function modelApply(
  state: State | undefined,
  by: string,
  config: Nodes,
  schema: Schema,
  force: boolean,
): State | Conflict[] {
  const before = state?.nodes ?? new Map();
  const owners: Map<string, Paths> =
    state && state.owners.size === 0
      ? new Map([['Update before-first-apply', new Set(before.keys())]])
      : new Map(state?.owners);
  const me = `Apply ${by}`;
  const last = owners.get(me) ?? new Set();
  const mine = appliedPaths(config, schema);
  owners.set(me, mine);

  const whole: Nodes = new Map([...before, ...config]);
  const had = withFieldsAbove([...last].map(pathAt), schema);
  const owned = withFieldsAbove(
    [...owners.values()].flatMap((paths) => [...paths].map(pathAt)),
    schema,
  );
  // What lies in what was applied before is nobody's, unless somebody owns it …
  const abandoned = minus(minus(shown(whole, schema), shown(without(whole, had), schema)), owned);
  // … and of what would go with it, only that goes which was applied before.
  const going = minus(shown(whole, schema), shown(without(whole, abandoned), schema));
  const nodes = without(whole, new Set([...going].filter((key) => had.has(key))));

  const touched = changed(before, nodes);
  const conflicts = [...owners].flatMap(([owner, paths]) =>
    owner === me ? [] : touched.filter((path) => paths.has(path)).map((path) => ({ owner, path })),
  );
  if (conflicts.length > 0 && !force) return conflicts;
  return { nodes, owners: withoutPaths(owners, [...touched, ...lost(before, nodes)], me) };
}

// Schemas, values of them, and edits.

const text: Schema = { type: 'string' };

function struct(fields: Readonly<Record<string, Schema>>, atomic = false): ObjectSchema {
  const entries = Object.entries(fields).map(([name, schema]) => {
    return [name, { name, schema, pointer: false, omitempty: true, required: false }] as const;
  });
  return { type: 'object', fields: new Map(entries), atomic, open: false };
}

const list = (items: Schema, listType: ListSchema['listType'], keys: readonly string[] = []): ListSchema => ({
  type: 'list',
  items,
  listType,
  keys,
});

const { schema: anySchema } = fc.letrec<{ schema: Schema; fields: Record<string, Schema> }>((tie) => ({
  fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  }),
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Schema>(
      text,
      { type: 'int64' },
      list(text, 'set'),
      list(text, 'atomic'),
      { type: 'map', values: text, atomic: true },
      { type: 'map', values: text, atomic: false },
    ),
    tie('fields').map((fields) => struct(fields)),
    tie('fields').map((fields) => struct(fields, true)),
    tie('schema').map((values) => ({ type: 'map' as const, values, atomic: false })),
    tie('fields').map((fields) => list(struct({ ...fields, k: text }), 'map', ['k'])),
    tie('fields').map((fields) => list(struct({ ...fields, k: text, z: text }), 'map', ['k', 'z'])),
  ),
}));

const word = fc.constantFrom('x', 'y');

/** A value of the schema. Nothing is null, and no entry is there twice: that is refused elsewhere. */
function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'int64':
      return fc.nat(2);
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'b'), valueOf(schema.values), { maxKeys: 2, noNullPrototype: true });
    case 'list':
      if (schema.listType === 'atomic') return fc.array(word, { maxLength: 2 });
      return fc.uniqueArray(valueOf(schema.items), { maxLength: 2, selector: (item) => identityOf(item, schema) });
    case 'object': {
      const fields = [...(schema as ObjectSchema).fields.values()];
      const values = Object.fromEntries(fields.map((each) => [each.name, valueOf(each.schema)]));
      return fc.record(values, {
        requiredKeys: fields.map(({ name }) => name).filter((name) => 'kz'.includes(name)),
        noNullPrototype: true,
      });
    }
    default:
      return word;
  }
}

interface Edit {
  readonly how: 'apply' | 'force' | 'update' | 'patch';
  readonly by: string;
  readonly spec: Record<string, unknown>;
}

const scenario = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), anySchema, { minKeys: 1, maxKeys: 4, noNullPrototype: true })
  .chain((fields) => {
    const spec = struct(fields);
    const edit = fc.record<Edit>({
      how: fc.constantFrom('apply', 'force', 'update', 'patch'),
      by: fc.constantFrom('m', 'n', 'o'),
      spec: valueOf(spec) as fc.Arbitrary<Record<string, unknown>>,
    });
    return fc.record({
      schema: fc.constant(struct({ apiVersion: text, kind: text, metadata: struct({ name: text }), spec })),
      edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
    });
  });

// What is tested, in the terms of the model.

const object = (spec: unknown, managedFields?: ManagedFieldsEntry[]): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', ...(managedFields && { managedFields }) },
    spec,
  }) as KubeObject;

function perform(live: KubeObject | undefined, schema: ObjectSchema, { how, by, spec }: Edit): KubeObject | Conflict[] {
  const common = { live, schema, apiVersion: 'v1', manager: by, now: 0 };
  if (how === 'update' || how === 'patch') {
    const next = how === 'patch' && live ? applyMergePatch(live.spec, spec) : spec;
    return object(next, managedAfterUpdate({ ...common, next: object(next) }));
  }
  try {
    const resource = { group: '', resource: 'xs' };
    const applied = applyConfiguration({ ...common, config: object(spec), force: how === 'force', resource });
    return object(applied.object.spec, applied.managedAfter(applied.object));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status.code !== 409) throw error;
    return (error.status.details?.causes ?? []).map(({ message = '', field = '' }) => {
      const [, owner = '', using] = /^conflict with "(.*?)"( using v1)?$/.exec(message) ?? [];
      return { owner: `${using ? 'Update' : 'Apply'} ${owner}`, path: field };
    });
  }
}

const readable = ({ nodes, owners }: State) => ({
  nodes: Object.fromEntries([...nodes].map(([key, { value }]) => [key, value])),
  owners: Object.fromEntries([...owners].map(([who, paths]) => [who, [...paths].sort()])),
});

function stateOf(live: KubeObject, schema: Schema): State {
  const owners = (live.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => {
    const paths = new Set<string>();
    eachField(fieldsV1 as FieldSet, (path) => paths.add(pathText(path)));
    return [`${operation} ${manager}`, paths] as const;
  });
  return { nodes: nodesOf(live.spec === undefined ? {} : { spec: live.spec }, schema), owners: new Map(owners) };
}

const byText = (a: Conflict, b: Conflict) => (`${a.owner} ${a.path}` < `${b.owner} ${b.path}` ? -1 : 1);

test('whatever the schema and whoever edits, everybody owns what the model says, and conflicts are those of the model', () => {
  let conflicts = 0;
  fc.assert(
    fc.property(scenario, ({ schema, edits }) => {
      let live: KubeObject | undefined;
      let model: State | undefined;
      for (const edit of edits) {
        const { how, by } = edit;
        const spec = how === 'patch' && live ? applyMergePatch(live.spec, edit.spec) : edit.spec;
        const nodes = nodesOf({ spec }, schema);
        const applies = how === 'apply' || how === 'force';
        const expected = applies
          ? modelApply(model, by, nodes, schema, how === 'force')
          : modelUpdate(model, by, nodes);
        const found = perform(live, schema, edit);
        if (Array.isArray(expected)) {
          conflicts++;
          expect(Array.isArray(found) && found.toSorted(byText)).toEqual(expected.toSorted(byText));
          continue;
        }
        expect(Array.isArray(found) ? found : readable(stateOf(found, schema))).toEqual(readable(expected));
        [live, model] = [found as KubeObject, expected];
      }
    }),
    { seed: 1, numRuns: 200 },
  );
  expect(conflicts).toBeGreaterThan(20);
});
