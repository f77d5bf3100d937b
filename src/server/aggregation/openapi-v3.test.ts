import { expect, test } from 'vitest';
import { openApiV3Of } from './openapi-v3.ts';

const reference = { $ref: '#/definitions/Flower' };
const moved = { $ref: '#/components/schemas/Flower' };
const json = ['application/json'];

test('a document of version 2 becomes one of version 3: bodies, answers, parameters, what it defines', () => {
  const swagger = {
    swagger: '2.0',
    info: { title: 'Garden' },
    security: [{ BearerToken: [] }],
    paths: {
      '/flowers': {
        parameters: [{ name: 'pretty', in: 'query', type: 'string', uniqueItems: true }],
        post: {
          consumes: json,
          produces: json,
          schemes: ['https'],
          operationId: 'createFlower',
          parameters: [
            { name: 'body', in: 'body', required: true, schema: reference },
            { $ref: '#/parameters/dryRun' },
          ],
          responses: { 200: { description: 'OK', schema: reference }, 401: { description: 'Unauthorized' } },
          'x-kubernetes-action': 'post',
        },
      },
    },
    definitions: { Flower: { type: 'object' } },
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
  };
  expect(openApiV3Of(swagger)).toEqual({
    openapi: '3.0.0',
    info: { title: 'Garden' },
    paths: {
      '/flowers': {
        parameters: [{ name: 'pretty', in: 'query', schema: { type: 'string', uniqueItems: true } }],
        post: {
          operationId: 'createFlower',
          parameters: [{ $ref: '#/components/parameters/dryRun', schema: { type: '' } }],
          requestBody: { content: { 'application/json': { schema: moved } } },
          responses: {
            200: { description: 'OK', content: { 'application/json': { schema: moved } } },
            401: { description: 'Unauthorized' },
          },
          'x-kubernetes-action': 'post',
        },
      },
    },
    components: {
      schemas: { Flower: { type: 'object' } },
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
  });
});

test('references are found wherever schemas are, and wrapped where they do not stand alone', () => {
  const garden = {
    type: 'object',
    properties: {
      alone: reference,
      described: { description: 'the best', ...reference },
      many: { type: 'array', items: reference },
      named: { type: 'object', additionalProperties: reference },
    },
  };
  const { components } = openApiV3Of({ definitions: { Garden: garden } });
  expect(components).toEqual({
    schemas: {
      Garden: {
        type: 'object',
        properties: {
          alone: moved,
          described: { description: 'the best', allOf: [moved] },
          many: { type: 'array', items: moved },
          named: { type: 'object', additionalProperties: moved },
        },
      },
    },
  });
});
