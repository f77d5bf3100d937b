// Field ownership against a slow model that knows nothing of tries: every field is a path, every owner a set of paths.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyConfiguration, managedAfterUpdate } from './apply.ts';
import { eachField, type FieldSet, pathText } from './field-set.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import type { Field, ObjectSchema, Schema } from './schema.ts';

const text: Schema = { type: 'string' };

function struct(fields: Record<string, Schema>): ObjectSchema {
  const field = (name: string, schema: Schema): Field => ({
    name,
    schema,
    pointer: false,
    omitempty: true,
    required: false,
  });
  const entries = Object.entries(fields).map(([name, schema]) => [name, field(name, schema)] as const);
  return { type: 'object', name: 'x', fields: new Map(entries), atomic: false, open: false };
}

const entry = struct({ name: text, value: text, labels: { type: 'map', values: text, atomic: false } });
const schema = struct({
  apiVersion: text,
  kind: text,
  metadata: struct({ name: text }),
  spec: struct({
    map: { type: 'map', values: text, atomic: false },
    whole: { type: 'map', values: text, atomic: true },
    set: { type: 'list', items: text, listType: 'set', keys: [] },
    list: { type: 'list', items: text, listType: 'atomic', keys: [] },
    entries: { type: 'list', items: entry, listType: 'map', keys: ['name'] },
  }),
});

type Plain = Record<string, unknown>;
type Paths = ReadonlyMap<string, string>;

const letter = fc.constantFrom('a', 'b', 'c');
const word = fc.constantFrom('x', 'y');
const letters = fc.dictionary(letter, word, { maxKeys: 3, noNullPrototype: true });
const spec = fc.record(
  {
    map: letters,
    whole: letters,
    // Nobody owns an empty list that is owned by its entries, so there is none.
    set: fc.uniqueArray(letter, { minLength: 1 }),
    list: fc.array(letter, { maxLength: 2 }),
    entries: fc.uniqueArray(
      fc.record({ name: letter, value: word, labels: letters }, { requiredKeys: ['name'], noNullPrototype: true }),
      { selector: ({ name }) => name, minLength: 1 },
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const manager = fc.constantFrom('m', 'n', 'o');

/** Every path of a spec with its value; things that are owned by parts have none. */
function pathsOf(of: Plain): Paths {
  const paths = new Map<string, string>();
  const visit = (path: string, value: unknown, is: Schema) => {
    const parts =
      is.type === 'object' || (is.type === 'map' && !is.atomic) || (is.type === 'list' && is.listType !== 'atomic');
    paths.set(path, parts ? '' : JSON.stringify(value, Object.keys(Object(value)).sort()));
    if (is.type === 'list' && is.listType === 'set')
      for (const item of value as string[]) paths.set(`${path}[="${item}"]`, '');
    else if (is.type === 'list' && is.listType === 'map') {
      for (const item of value as { name: string }[]) visit(`${path}[name="${item.name}"]`, item, entry);
    } else if (parts) {
      for (const [name, child] of Object.entries(value as Plain)) {
        visit(
          `${path}.${name}`,
          child,
          is.type === 'map' ? is.values : ((is as ObjectSchema).fields.get(name)?.schema as Schema),
        );
      }
    }
  };
  visit('.spec', of, schema.fields.get('spec')?.schema as Schema);
  return paths;
}

function ownedIn(entries: readonly ManagedFieldsEntry[] | undefined, operation: string): Record<string, string[]> {
  const owned: Record<string, string[]> = {};
  for (const { manager: name = '', operation: by, fieldsV1 } of entries ?? []) {
    if (by !== operation) continue;
    const paths: string[] = [];
    eachField(fieldsV1 as FieldSet, (path) => paths.push(pathText(path)));
    owned[name] = paths.sort();
  }
  return owned;
}

const object = (of: Plain, managedFields?: ManagedFieldsEntry[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'x', ...(managedFields && { managedFields }) },
  spec: of,
});

const common = (live: KubeObject | undefined, by: string) => ({ live, schema, apiVersion: 'v1', manager: by, now: 0 });

const update = (live: KubeObject | undefined, by: string, next: Plain): KubeObject =>
  object(next, managedAfterUpdate({ ...common(live, by), next: object(next) }));

function apply(live: KubeObject | undefined, by: string, config: Plain): KubeObject {
  const resource = { group: '', resource: 'xs' };
  const applied = applyConfiguration({ ...common(live, by), config: object(config), force: true, resource });
  return object((applied.object.spec ?? {}) as Plain, applied.managedAfter(applied.object));
}

test('updates: whoever changed a path last owns it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(manager, spec), { minLength: 1, maxLength: 6 }), (writes) => {
      let live: KubeObject | undefined;
      let before: Paths = pathsOf({});
      const owner = new Map<string, string>();
      for (const [by, next] of writes) {
        live = update(live, by, next);
        const after = pathsOf(next);
        for (const path of before.keys()) if (!after.has(path)) owner.delete(path);
        for (const [path, value] of after) if (before.get(path) !== value) owner.set(path, by);
        before = after;
        const owned: Record<string, string[]> = {};
        for (const [path, by] of owner) (owned[by] ??= []).push(path);
        for (const paths of Object.values(owned)) paths.sort();
        expect(ownedIn(live.metadata.managedFields, 'Update')).toEqual(owned);
        // An object that nobody owns anything of is nobody's until an apply.
        if (owner.size === 0) return;
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('applies: what is applied holds, what is let go and nobody else owns goes, what others own stays', () => {
  const write = fc.tuple(fc.constantFrom('apply', 'update'), manager, spec);
  fc.assert(
    fc.property(fc.array(write, { maxLength: 5 }), manager, spec, (writes, by, config) => {
      let live: KubeObject | undefined;
      for (const [how, who, of] of writes) live = (how === 'apply' ? apply : update)(live, who, of);
      const after = apply(live, by, config);
      const [was, is, wanted] = [live?.spec ?? {}, after.spec, config].map((of) => pathsOf(of as Plain));

      for (const [path, value] of wanted as Paths)
        if (path !== '.spec') expect([path, is?.get(path)]).toEqual([path, value]);

      const applied = ownedIn(live?.metadata.managedFields, 'Apply');
      const updated = ownedIn(live?.metadata.managedFields, 'Update');
      const { [by]: mine = [], ...theirs } = applied;
      const others = [...Object.values(theirs), ...Object.values(updated)].flat();
      const kept = (path: string) => [...others, ...(wanted as Paths).keys()].some((other) => other.startsWith(path));
      for (const path of mine) if (!kept(path)) expect([path, is?.has(path)]).toEqual([path, false]);
      // Whoever owns only parts of a list entry loses them with the entry.
      const entryGone = (path: string) =>
        mine.some((item) => item.endsWith(']') && path.startsWith(item) && !is?.has(item));
      for (const path of others) {
        if (is?.get(path) === was?.get(path)) continue;
        expect([path, wanted?.has(path) || entryGone(path)]).toEqual([path, true]);
      }
      expect(apply(after, by, config).spec).toEqual(after.spec);
    }),
    { seed: 2, numRuns: 200 },
  );
});
