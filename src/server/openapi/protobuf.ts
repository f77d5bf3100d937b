// OpenAPI version 2 in protobuf, the only form in which client-go asks for it: the messages of gnostic's openapi.v2.Document.

import type { Json } from './definitions.ts';
import {
  any,
  bytesOf,
  each,
  type Field,
  flag,
  inside,
  type Layout,
  message,
  named,
  oneOrMore,
  text,
} from './protobuf-fields.ts';

const schema: Field = message(
  () => [
    [1, '$ref', text],
    [2, 'format', text],
    [3, 'title', text],
    [4, 'description', text],
    [5, 'default', any],
    [13, 'pattern', text],
    [19, 'required', each(text)],
    [20, 'enum', each(any)],
    [
      21,
      'additionalProperties',
      (w, n, v) => inside(typeof v === 'boolean' ? 2 : 1, typeof v === 'boolean' ? flag : schema)(w, n, v),
    ],
    [22, 'type', (w, n, v) => inside(1, each(text))(w, n, oneOrMore(v))],
    [23, 'items', (w, n, v) => inside(1, each(schema))(w, n, oneOrMore(v))],
    [24, 'allOf', each(schema)],
    [25, 'properties', inside(1, named(schema))],
  ],
  31,
);

const bodyParameter: Field = message(() => [
  [1, 'description', text],
  [2, 'name', text],
  [3, 'in', text],
  [4, 'required', flag],
  [5, 'schema', schema],
]);

const queryParameter: Field = message(() => [
  [1, 'required', flag],
  [2, 'in', text],
  [3, 'description', text],
  [4, 'name', text],
  [6, 'type', text],
  [18, 'uniqueItems', flag],
]);

const pathParameter: Field = message(() => [
  [1, 'required', flag],
  [2, 'in', text],
  [3, 'description', text],
  [4, 'name', text],
  [5, 'type', text],
  [17, 'uniqueItems', flag],
]);

const places: Readonly<Record<string, Field>> = {
  body: inside(1, bodyParameter),
  query: inside(2, inside(3, queryParameter)),
  path: inside(2, inside(4, pathParameter)),
};

const parameter: Field = (writer, number, value) => places[(value as { in: string }).in]?.(writer, number, value);

const reference: Field = message(() => [[1, '$ref', text]]);

const parameterItem: Field = (writer, number, value) =>
  '$ref' in (value as Json) ? inside(2, reference)(writer, number, value) : inside(1, parameter)(writer, number, value);

const response: Field = message(() => [
  [1, 'description', text],
  [2, 'schema', inside(1, schema)],
]);

const operation: Field = message(
  () => [
    [1, 'tags', each(text)],
    [3, 'description', text],
    [5, 'operationId', text],
    [6, 'produces', each(text)],
    [7, 'consumes', each(text)],
    [8, 'parameters', each(parameterItem)],
    [9, 'responses', inside(1, named(inside(1, response)))],
    [10, 'schemes', each(text)],
  ],
  13,
);

const pathItem: Field = message(() => [
  [2, 'get', operation],
  [3, 'put', operation],
  [4, 'post', operation],
  [5, 'delete', operation],
  [6, 'options', operation],
  [7, 'head', operation],
  [8, 'patch', operation],
  [9, 'parameters', each(parameterItem)],
]);

const document: Layout = [
  [1, 'swagger', text],
  [
    2,
    'info',
    message(() => [
      [1, 'title', text],
      [2, 'version', text],
    ]),
  ],
  [8, 'paths', inside(2, named(pathItem))],
  [9, 'definitions', inside(1, named(schema))],
  [10, 'parameters', inside(1, named(parameter))],
];

/** The media type of these bytes, and the older name by which clients ask for them. */
export const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
export const olderProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The bytes of a whole document of version 2. */
export const protobufOfV2 = (openApi: Json): Uint8Array<ArrayBuffer> => bytesOf(document, openApi);
