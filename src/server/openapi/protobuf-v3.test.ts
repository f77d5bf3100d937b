import { expect, test } from 'vitest';
import { ProtobufReader, protobufText } from '../../api/protobuf-wire.ts';
import { kinds } from '../../kinds/index.ts';
import { openApiV3 } from './documents.ts';
import { protobufOfV3 } from './protobuf-v3.ts';

const input = { kinds, describe: () => 'text', version: 'v1.36.1', customSchema: () => undefined };

/** The messages under these fields, one below the other. */
function at(bytes: Uint8Array, ...path: readonly number[]): Uint8Array[] {
  const [first, ...rest] = path;
  if (first === undefined) return [bytes];
  const found: Uint8Array[] = [];
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag % 8 !== 2) reader.skip(tag % 8);
    else if (Math.floor(tag / 8) === first) found.push(...at(reader.content(), ...rest));
    else reader.content();
  }
  return found;
}

const texts = (bytes: Uint8Array, ...path: readonly number[]): string[] => at(bytes, ...path).map(protobufText);

test('every definition, path and operation of version 3 is in its protobuf form', () => {
  const document = openApiV3('batch', 'v1', input) as {
    paths: Record<string, Record<string, { operationId?: string }>>;
    components: { schemas: object };
  };
  const bytes = protobufOfV3(document);
  const [paths, operations, schemas] = [4, 1, 5];
  expect(texts(bytes, paths, 1, 1)).toEqual(Object.keys(document.paths));
  expect(texts(bytes, schemas, 1, 1, 1)).toEqual(Object.keys(document.components.schemas));
  const ids = Object.values(document.paths).flatMap((p) => Object.values(p).flatMap((o) => o.operationId ?? []));
  const [get, put, post, remove, patch] = [4, 5, 6, 7, 10];
  const told = [get, put, post, remove, patch].flatMap((m) => texts(bytes, paths, operations, 2, m, 5));
  expect(told.toSorted()).toEqual(ids.toSorted());
});

test('a schema keeps its limits, defaults, references and marks', () => {
  const schema = {
    type: 'object',
    properties: {
      size: { type: 'integer', default: 2, maximum: 9, enum: [1, 2] },
      part: { allOf: [{ $ref: '#/components/schemas/Part' }], default: {} },
    },
    'x-kubernetes-map-type': 'atomic',
  };
  const bytes = protobufOfV3({ components: { schemas: { Thing: schema } } });
  const [thing] = at(bytes, 5, 1, 1, 2, 1);
  expect(thing).toBeDefined();
  const inside = thing as Uint8Array;
  expect(texts(inside, 25)).toEqual(['object']);
  expect(texts(inside, 31, 1, 1)).toEqual(['size', 'part']);
  expect(texts(inside, 31, 1, 2, 1, 24, 2)).toEqual(['1', '2']);
  expect(texts(inside, 31, 1, 2, 1, 26, 2, 1)).toEqual(['#/components/schemas/Part']);
  expect(at(inside, 31, 1, 2, 1, 33).map((d) => d.length)).toEqual([9, 0]);
  expect([texts(inside, 36, 1), texts(inside, 36, 2, 2)]).toEqual([['x-kubernetes-map-type'], ['"atomic"']]);
});
