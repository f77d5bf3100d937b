// How a random body is written: JSON, YAML or protobuf, whole, or with some of its bytes spoiled.

import { dump } from 'js-yaml';
import type { Random } from '../../src/base/random.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { encodeProtobuf } from '../../src/api/protobuf.ts';
import type { ObjectSchema } from '../../src/api/schema.ts';
import { anyValue } from './values.ts';

export interface Encoded {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const json = 'application/json';
const yaml = 'application/yaml';
const protobuf = 'application/vnd.kubernetes.protobuf';

/** @param options.schema the object's, if it may be sent as protobuf; @param options.spoil whether its bytes may be changed at random */
export function encoded(
  object: unknown,
  random: Random,
  { schema, spoil }: { readonly schema?: ObjectSchema | undefined; readonly spoil: boolean },
): Encoded {
  const form = random.below(10);
  const body = form < 2 && schema ? asProtobuf(object, schema) : form < 4 ? asYaml(object) : asJson(object);
  return spoil && random.next() < 0.15 ? { type: body.type, bytes: spoiled(body.bytes, random) } : body;
}

const asJson = (object: unknown): Encoded => ({ type: json, bytes: utf8(JSON.stringify(object) ?? '') });

function asYaml(object: unknown): Encoded {
  try {
    return { type: yaml, bytes: utf8(dump(object, { noRefs: true })) };
  } catch {
    return asJson(object);
  }
}

/** What does not fit the schema is sent as JSON. */
function asProtobuf(object: unknown, schema: ObjectSchema): Encoded {
  try {
    const { apiVersion, kind } = object as { apiVersion: string; kind: string };
    return { type: protobuf, bytes: encodeProtobuf(schema, object as object, { apiVersion, kind }) };
  } catch {
    return asJson(object);
  }
}

/** Some bytes changed, left out, repeated or cut off. */
export function spoiled(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  let result = [...bytes];
  for (let i = 0; i < 1 + random.below(4); i++) {
    const at = random.below(result.length + 1);
    const how = random.below(5);
    if (how === 0) result[at] = random.below(256);
    else if (how === 1) result.splice(at, 1 + random.below(4));
    else if (how === 2) result.splice(at, 0, ...result.slice(at, at + 1 + random.below(20)));
    else if (how === 3)
      result.splice(
        at,
        0,
        ...utf8(random.pick(['"', '{', ']', ',', ':', '\n', '- ', '&a ', '*a', '\\u', '0', 'e', '\u0000'])),
      );
    else if (random.next() < 0.3) result = result.slice(0, at);
  }
  return new Uint8Array(result);
}

/** Bodies that are no object at all, or one no client would send. */
export function oddBody(random: Random): Encoded {
  const type = random.pick([
    json,
    yaml,
    protobuf,
    'application/cbor',
    'text/plain',
    '',
    'application/json;charset=\u0001',
    'a/b/c',
  ]);
  const text = random.pick([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '1',
    '{}{}',
    '{"a":1,"a":2}',
    '{"kind":"\\ud800"}',
    `{"a":${'['.repeat(20_000)}`,
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    `{"a":${'9'.repeat(10_000)}}`,
    '{"a":1e999}',
    '{"__proto__":{"x":1},"constructor":null}',
    'a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: &d [*c, *c, *c, *c]\ne: [*d, *d, *d, *d]',
    `a: ${'['.repeat(3000)}`,
    '? - a\n: - b',
    '--- 1\n--- 2',
    '!!js/function x',
    '<<: {a: 1}',
    'k8s\u0000',
    'k8s\u0000\u000a\u0002\u0008',
    JSON.stringify(anyValue(random, 4)) ?? '',
  ]);
  const raw = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
  return { type, bytes: random.next() < 0.2 ? raw : utf8(text) };
}
