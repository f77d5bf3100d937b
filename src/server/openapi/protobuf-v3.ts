// OpenAPI version 3 in protobuf: the messages of gnostic's openapi.v3.Document.

import type { Json } from './definitions.ts';
import {
  any,
  bytesOf,
  double,
  each,
  type Field,
  flag,
  inside,
  integer,
  type Layout,
  message,
  named,
  oneOrMore,
  text,
} from './protobuf-fields.ts';

const reference: Field = message(() => [[1, '$ref', text]]);

/** Things that may stand elsewhere: the thing itself, or where it is. */
const orReference =
  (field: Field): Field =>
  (writer, number, value) =>
    '$ref' in (value as Json) ? inside(2, reference)(writer, number, value) : inside(1, field)(writer, number, value);

/** Numbers, flags and texts; of objects and lists only that there is a default. */
const defaultValue: Field = (writer, number, value) => {
  const before = writer.length;
  if (typeof value === 'number') double(writer, 1, value);
  else if (typeof value === 'boolean') flag(writer, 2, value);
  else if (typeof value === 'string') text(writer, 3, value);
  writer.close(number, before);
};

const additionalProperties: Field = (writer, number, value) =>
  inside(typeof value === 'boolean' ? 2 : 1, typeof value === 'boolean' ? flag : anySchema)(writer, number, value);

const schema: Field = message(
  () => [
    [1, 'nullable', flag],
    [
      6,
      'externalDocs',
      message(() => [
        [1, 'description', text],
        [2, 'url', text],
      ]),
    ],
    [7, 'example', any],
    [9, 'title', text],
    [10, 'multipleOf', double],
    [11, 'maximum', double],
    [12, 'exclusiveMaximum', flag],
    [13, 'minimum', double],
    [14, 'exclusiveMinimum', flag],
    [15, 'maxLength', integer],
    [16, 'minLength', integer],
    [17, 'pattern', text],
    [18, 'maxItems', integer],
    [19, 'minItems', integer],
    [20, 'uniqueItems', flag],
    [21, 'maxProperties', integer],
    [22, 'minProperties', integer],
    [23, 'required', each(text)],
    [24, 'enum', each(any)],
    [25, 'type', text],
    [26, 'allOf', each(anySchema)],
    [27, 'oneOf', each(anySchema)],
    [28, 'anyOf', each(anySchema)],
    [29, 'not', schema],
    [30, 'items', (w, n, v) => inside(1, each(anySchema))(w, n, oneOrMore(v))],
    [31, 'properties', inside(1, named(anySchema))],
    [32, 'additionalProperties', additionalProperties],
    [33, 'default', defaultValue],
    [34, 'description', text],
    [35, 'format', text],
  ],
  36,
);

const anySchema: Field = (writer, number, value) => orReference(schema)(writer, number, value);

const content: Field = inside(1, named(message(() => [[1, 'schema', anySchema]])));

const parameter: Field = orReference(
  message(() => [
    [1, 'name', text],
    [2, 'in', text],
    [3, 'description', text],
    [4, 'required', flag],
    [10, 'schema', anySchema],
  ]),
);

const body: Field = orReference(
  message(() => [
    [1, 'description', text],
    [2, 'content', content],
    [3, 'required', flag],
  ]),
);

const response: Field = orReference(
  message(() => [
    [1, 'description', text],
    [3, 'content', content],
  ]),
);

const operation: Field = message(
  () => [
    [1, 'tags', each(text)],
    [3, 'description', text],
    [5, 'operationId', text],
    [6, 'parameters', each(parameter)],
    [7, 'requestBody', body],
    [8, 'responses', inside(2, named(response))],
  ],
  13,
);

const pathItem: Field = message(() => [
  [4, 'get', operation],
  [5, 'put', operation],
  [6, 'post', operation],
  [7, 'delete', operation],
  [8, 'options', operation],
  [9, 'head', operation],
  [10, 'patch', operation],
  [13, 'parameters', each(parameter)],
]);

const securityScheme: Field = orReference(
  message(() => [
    [1, 'type', text],
    [2, 'description', text],
    [3, 'name', text],
    [4, 'in', text],
  ]),
);

const document: Layout = [
  [1, 'openapi', text],
  [
    2,
    'info',
    message(() => [
      [1, 'title', text],
      [6, 'version', text],
    ]),
  ],
  [4, 'paths', inside(1, named(pathItem))],
  [
    5,
    'components',
    message(() => [
      [1, 'schemas', inside(1, named(anySchema))],
      [7, 'securitySchemes', inside(1, named(securityScheme))],
    ]),
  ],
];

/** The media type of these bytes, and the older name by which clients ask for them. */
export const protobufTypeV3 = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';
export const olderProtobufTypeV3 = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf';

/** The bytes of a whole document of version 3. */
export const protobufOfV3 = (openApi: Json): Uint8Array<ArrayBuffer> => bytesOf(document, openApi);
