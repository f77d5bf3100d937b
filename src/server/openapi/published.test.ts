import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { descriptions } from '../../edge/descriptions.ts';
import { kinds } from '../../kinds/index.ts';
import type { Json } from './definitions.ts';
import { openApiV2, openApiV3 } from './documents.ts';

const input = { kinds, describe: descriptions, version: 'v1.36.1', customSchema: () => undefined };
const document = '../shared/data/kubernetes-1.36/swagger.json';

test.skipIf(!existsSync(document))(
  'every definition of version 2 is the published one, to the letter (needs the published document)',
  () => {
    const published = (JSON.parse(readFileSync(document, 'utf8')) as { definitions: Record<string, Json> }).definitions;
    const { definitions } = openApiV2(input) as { definitions: Record<string, Json> };
    expect(Object.keys(definitions).length).toBeGreaterThan(550);
    for (const [name, definition] of Object.entries(definitions)) expect(definition, name).toEqual(published[name]);
  },
);

test('in version 3 the text of a field with few values says what each of them means', () => {
  let enums = 0;
  for (const kind of kinds) {
    for (const { version } of kind.versions) {
      const { schemas } = (openApiV3(kind.group, version, input) as { components: { schemas: Record<string, Json> } })
        .components;
      for (const [type, { properties }] of Object.entries(schemas)) {
        for (const [name, field] of Object.entries((properties ?? {}) as Record<string, Json>)) {
          if (!field.enum) continue;
          enums++;
          expect(field.description, `${type} ${name}`).toMatch(/\n\nPossible enum values:\n - `"/);
        }
      }
    }
  }
  expect(enums).toBeGreaterThan(80);
});
