// The schema of a kind as expressions see it when a policy's expressions are checked against the kinds it is about.

import type { Field, ObjectSchema, Schema } from '../api/schema.ts';
import {
  boolType,
  bytesType,
  declareObject,
  doubleType,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
  type Type,
} from '../languages/cel/types.ts';
import { escapeName } from './apiextensions/declared.ts';

/** `name`: what the type is called, and the types of its fields begin with. Fields are found when first asked for: types may contain themselves. */
export const objectTypeOf = (schema: ObjectSchema, name: string): ObjectType =>
  declareObject(name, () =>
    Object.fromEntries([...schema.fields.values()].flatMap((field) => declaredField(field, name))),
  );

function declaredField({ name, schema }: Field, of: string): readonly (readonly [string, Type])[] {
  const known = escapeName(name);
  return known === undefined ? [] : [[known, typeOfSchema(schema, `${of}.${known}`)]];
}

function typeOfSchema(schema: Schema, name: string): Type {
  switch (schema.type) {
    case 'object':
      return objectTypeOf(schema, name);
    case 'map':
      return mapOf(stringType, typeOfSchema(schema.values, `${name}.@elem`));
    case 'list':
      return listOf(typeOfSchema(schema.items, `${name}.@idx`));
    case 'boolean':
      return boolType;
    case 'int32':
    case 'int64':
      return intType;
    case 'double':
      return doubleType;
    case 'bytes':
      return bytesType;
    case 'time':
    case 'microTime':
      return timestampType;
    case 'string':
    case 'duration':
      return stringType;
    case 'quantity':
    case 'intOrString':
    case 'any':
      return dynType;
  }
}
