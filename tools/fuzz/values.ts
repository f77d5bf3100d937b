// Random values: of a schema, and of none at all. Addresses are always of this machine, since a server may call what it is told to.

import type { Random } from '../../src/base/random.ts';
import type { ObjectSchema, ScalarSchema, Schema } from '../../src/api/schema.ts';

const texts = [
  '',
  'a',
  'b',
  'x.example.com/y',
  'A-Very_Odd Name',
  '-',
  '../..',
  '%00',
  'ünïcödé \u{1f6a2}',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  'true',
  'null',
  '0',
  '01',
  '1e3',
  '1Gi',
  '100m',
  '50%',
  '-1',
  '99999999999999999999',
  '2026-01-01T00:00:00Z',
  '2026-13-45T99:99:99Z',
  '1h',
  '* * * * *',
  '@every 1m',
  '127.0.0.1',
  '127.0.0.0/8',
  '::1',
  'Always',
  'TCP',
  '*',
  '(a+)+$',
  '[',
  '{{.x}}',
  'self.a > 0',
  'dGV4dA==',
  'x'.repeat(300),
];

const numbers = [0, 1, 2, 3, -1, 80, 65535, 65536, 2147483647, 2147483648, 9007199254740991, 1e19, -1e19, 0.5, 1e300];

/** Texts that fit fields of these names, so that much of what is random is accepted all the same. */
const fitting: Readonly<Record<string, readonly string[]>> = {
  name: ['a', 'b', 'c', 'fuzz-a'],
  namespace: ['fuzz', 'default', ''],
  generateName: ['fuzz-', 'g'],
  apiVersion: ['v1', 'apps/v1', 'batch/v1'],
  kind: ['Pod', 'ConfigMap', 'Deployment', 'Job'],
  image: ['x', 'nginx:1'],
  uid: ['00000000-0000-4000-8000-000000000001'],
  finalizers: ['example.com/hold'],
  cron: ['* * * * *'],
  url: ['https://127.0.0.1:9/x'],
  externalName: ['localhost'],
  hostname: ['localhost'],
  ip: ['127.0.0.1', '127.0.0.2'],
  addresses: ['127.0.0.1', '127.0.0.2'],
  address: ['127.0.0.1'],
  clusterIP: ['', 'None', '10.96.0.200'],
  resourceVersion: ['', '0', '1', '12345', 'x'],
  mountPath: ['/a', '/b'],
  path: ['/a', '/', 'a'],
  expression: ['true', 'self.a > 0', 'object.metadata.name == "a"', 'object.x.y', 'size(self) < (', '1'],
  rule: ['true', 'self == oldSelf', 'self.a > 0', 'self.all(x, x > 0)', '(('],
  messageExpression: ['"no"', 'self', '1 + 1'],
};

/** Keys that name an address a server would call: they get nothing but addresses of this machine. */
const calling: ReadonlySet<string> = new Set(['url', 'externalName', 'hostname', 'ip', 'addresses', 'address']);

export function textOf(random: Random, name = ''): string {
  const known = Object.hasOwn(fitting, name) ? fitting[name] : undefined;
  if (known && (calling.has(name) || random.next() < 0.9)) return random.pick(known);
  return random.pick(texts);
}

/** Anything that JSON can hold. */
export function anyValue(random: Random, depth = 3): unknown {
  const kind = random.below(depth > 0 ? 8 : 5);
  if (kind === 0) return null;
  if (kind === 1) return random.next() < 0.5;
  if (kind === 2) return random.pick(numbers);
  if (kind <= 4) return textOf(random);
  if (kind === 5) return Array.from({ length: random.below(4) }, () => anyValue(random, depth - 1));
  return objectOf(random.below(4), () => [
    textOf(random, random.pick(['name', 'kind', ''])),
    anyValue(random, depth - 1),
  ]);
}

/** Own keys whatever they are called. */
export function objectOf(size: number, entry: () => [string, unknown]): object {
  return Object.fromEntries(Array.from({ length: size }, entry));
}

/** A value of the schema, most often: now and then something else is in it. */
export function valueOf(schema: Schema, random: Random, depth: number, name = ''): unknown {
  if (random.next() < 0.01) return calling.has(name) ? null : anyValue(random, 1);
  switch (schema.type) {
    case 'object':
      return structOf(schema, random, depth);
    case 'map':
      return objectOf(random.below(3), () => [textOf(random, 'name'), valueOf(schema.values, random, depth - 1, name)]);
    case 'list': {
      const size = depth > 0 ? random.below(3) : 0;
      return Array.from({ length: size }, () => valueOf(schema.items, random, depth - 1, name));
    }
    case 'any':
      return anyValue(random, 2);
    default:
      return scalarOf(schema, random, name);
  }
}

function structOf(schema: ObjectSchema, random: Random, depth: number): object {
  const share = depth <= 0 ? 0 : 0.15 + 0.1 * depth;
  const chosen = [...schema.fields.values()].filter(({ required }) => random.next() < (required ? 0.97 : share));
  const entries = chosen.map((field) => [field.name, valueOf(field.schema, random, depth - 1, field.name)] as const);
  const odd = random.next() < 0.02 ? [[textOf(random), anyValue(random, 1)] as const] : [];
  return Object.fromEntries([...entries, ...odd]);
}

function scalarOf(schema: ScalarSchema, random: Random, name: string): unknown {
  if (schema.enum && random.next() < 0.95) return random.pick(schema.enum);
  switch (schema.type) {
    case 'boolean':
      return random.next() < 0.5;
    case 'int32':
    case 'int64':
    case 'double':
      return random.next() < 0.8 ? random.below(5) : random.pick(numbers);
    case 'intOrString':
      return random.pick([1, 80, '50%', 'http', textOf(random)]);
    case 'quantity':
      return random.pick(['1', '100m', '1Gi', '0', '-1', '1e3', '9'.repeat(40), textOf(random)]);
    case 'bytes':
      return random.pick(['dGV4dA==', '', 'no base64!']);
    case 'time':
    case 'microTime':
      return random.pick(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000001Z', null, 'yesterday']);
    case 'duration':
      return random.pick(['1h', '5m0s', 'x']);
    default:
      return textOf(random, name);
  }
}

/** The same value with some changes somewhere in it. */
export function mutated(value: unknown, random: Random, changes = 1 + random.below(3)): unknown {
  let result = value;
  for (let i = 0; i < changes; i++) result = changed(result, random, '');
  return result;
}

function changed(value: unknown, random: Random, name: string): unknown {
  const here = random.next() < 0.2;
  if (Array.isArray(value)) return changedList(value, random, here ? 0.6 : 0, name);
  if (typeof value === 'object' && value !== null) return changedObject(value as Record<string, unknown>, random, here);
  if (calling.has(name)) return textOf(random, name);
  return random.next() < 0.5 ? textOf(random, name) : anyValue(random, 2);
}

function changedList(list: readonly unknown[], random: Random, here: number, name: string): unknown[] {
  const copy = [...list];
  const at = random.below(copy.length + 1);
  if (random.next() < here || copy.length === 0) {
    const how = random.below(3);
    if (how === 0 && copy.length > 0) copy.splice(Math.min(at, copy.length - 1), 1);
    else if (how === 1 && copy.length > 0) copy.push(random.pick(copy));
    else copy.splice(at, 0, calling.has(name) ? textOf(random, name) : anyValue(random, 2));
    return copy;
  }
  const index = Math.min(at, copy.length - 1);
  copy[index] = changed(copy[index], random, name);
  return copy;
}

function changedObject(object: Record<string, unknown>, random: Random, here: boolean): object {
  const names = Object.keys(object);
  if (names.length === 0 || (here && random.next() < 0.4)) {
    return Object.fromEntries([...Object.entries(object), [textOf(random, 'name'), anyValue(random, 2)]]);
  }
  const name = random.pick(names);
  if (here && random.next() < 0.5) return Object.fromEntries(Object.entries(object).filter(([each]) => each !== name));
  return Object.fromEntries(
    Object.entries(object).map(([each, value]) => [each, each === name ? changed(value, random, name) : value]),
  );
}
