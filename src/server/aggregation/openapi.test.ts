import { expect, test } from 'vitest';
import { mergeSwagger } from './openapi.ts';

const reference = (name: string) => ({ schema: { $ref: `#/definitions/${name}` } });

test('paths of its own version come in with what they need; names that mean something else get another', () => {
  const own = { paths: { '/api/v1/': {} }, definitions: { Same: { type: 'string' }, Other: { type: 'object' } } };
  const swagger = {
    paths: { '/apis/g/v1/things': reference('Thing'), '/apis/g/v2/things': reference('Unseen'), '/version/': {} },
    definitions: {
      Thing: { properties: { a: { $ref: '#/definitions/Same' }, b: { $ref: '#/definitions/Other' } } },
      Same: { type: 'string' },
      Other: { type: 'integer' },
      Unseen: {},
    },
  };
  expect(mergeSwagger(own, swagger, '/apis/g/v1/')).toEqual({
    paths: { '/api/v1/': {}, '/apis/g/v1/things': reference('Thing') },
    definitions: {
      Same: { type: 'string' },
      Other: { type: 'object' },
      Thing: { properties: { a: { $ref: '#/definitions/Same' }, b: { $ref: '#/definitions/Other_v2' } } },
      Other_v2: { type: 'integer' },
    },
  });
});
