import { expect, test } from 'vitest';
import { ProtobufReader, protobufText } from '../../api/protobuf-wire.ts';
import { kinds } from '../../kinds/index.ts';
import { openApiV2 } from './documents.ts';
import { protobufOfV2 } from './protobuf.ts';

const document = openApiV2({ kinds, describe: () => 'text', version: 'v1.36.1', customSchema: () => undefined });

test('every definition and every path of version 2 is in its protobuf form', () => {
  const names: Record<number, string[]> = { 8: [], 9: [] };
  eachField(protobufOfV2(document), (number, content) => {
    if (!(number in names)) return;
    eachField(content, (_, entry) =>
      eachField(entry, (n, value) => n === 1 && names[number]?.push(protobufText(value))),
    );
  });
  expect(names[8]).toEqual(Object.keys(document.paths as object));
  expect(names[9]).toEqual(Object.keys(document.definitions as object));
});

function eachField(bytes: Uint8Array, read: (number: number, content: Uint8Array) => void): void {
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag % 8 === 2) read(Math.floor(tag / 8), reader.content());
    else reader.skip(tag % 8);
  }
}
