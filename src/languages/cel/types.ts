// What an expression can be declared or found to be: int, list(string), an object with fields … and how such a type is written in messages.

export type SimpleKind =
  | 'int'
  | 'uint'
  | 'double'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'any'
  | 'timestamp'
  | 'duration'
  | 'error';

export interface SimpleType {
  readonly kind: SimpleKind;
}

export interface ListType {
  readonly kind: 'list';
  readonly element: Type;
  /** Kubernetes' sets and lists with keys: how such lists compare and add up. Undefined: in order. */
  readonly unique?: Uniqueness;
}

/** `set`: each value once, in any order. An array: objects told apart by these fields, in any order. */
export type Uniqueness = 'set' | readonly string[];

export interface MapType {
  readonly kind: 'map';
  readonly key: Type;
  readonly value: Type;
}

/** The type of a type: `type(1)` is of type `type(int)`. */
export interface TypeType {
  readonly kind: 'type';
  readonly of?: Type;
}

/** A type yet to be found, in the declaration of a function: `list(A)`. */
export interface ParameterType {
  readonly kind: 'parameter';
  readonly name: string;
}

/** A number, text or truth that may also be null, as protobuf's wrappers are. */
export interface WrapperType {
  readonly kind: 'wrapper';
  readonly of: SimpleType;
}

/** A type of a library without fields: `net.IP`, `optional_type(int)`. */
export interface OpaqueType {
  readonly kind: 'opaque';
  readonly name: string;
  readonly parameters: readonly Type[];
}

export interface Field {
  readonly type: Type;
  /** The property of the JSON object that holds it, where it is not called as in expressions. */
  readonly property?: string;
}

export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** Undefined: there is no such field. */
  field(name: string): Field | undefined;
}

export type Type = SimpleType | ListType | MapType | TypeType | ParameterType | WrapperType | OpaqueType | ObjectType;

export const intType: SimpleType = { kind: 'int' };
export const uintType: SimpleType = { kind: 'uint' };
export const doubleType: SimpleType = { kind: 'double' };
export const boolType: SimpleType = { kind: 'bool' };
export const stringType: SimpleType = { kind: 'string' };
export const bytesType: SimpleType = { kind: 'bytes' };
export const nullType: SimpleType = { kind: 'null' };
export const dynType: SimpleType = { kind: 'dyn' };
export const anyType: SimpleType = { kind: 'any' };
export const timestampType: SimpleType = { kind: 'timestamp' };
export const durationType: SimpleType = { kind: 'duration' };
export const errorType: SimpleType = { kind: 'error' };

export const listOf = (element: Type, unique?: Uniqueness): ListType =>
  unique ? { kind: 'list', element, unique } : { kind: 'list', element };
export const mapOf = (key: Type, value: Type): MapType => ({ kind: 'map', key, value });
export const typeOf = (of: Type): TypeType => ({ kind: 'type', of });
export const wrapperOf = (of: SimpleType): WrapperType => ({ kind: 'wrapper', of });
export const parameter = (name: string): ParameterType => ({ kind: 'parameter', name });
export const opaque = (name: string, ...parameters: Type[]): OpaqueType => ({ kind: 'opaque', name, parameters });
export const optionalOf = (of: Type): OpaqueType => opaque('optional_type', of);

export const isOptional = (type: Type): type is OpaqueType => type.kind === 'opaque' && type.name === 'optional_type';

export type Fields = Readonly<Record<string, Type | Field>>;

/** An object with named fields. Fields given as a function are asked for when first needed, so that types may refer to themselves. */
export function declareObject(name: string, fields: Fields | (() => Fields)): ObjectType {
  let known: ReadonlyMap<string, Field> | undefined = typeof fields === 'function' ? undefined : fieldTable(fields);
  const table = () => (known ??= fieldTable(typeof fields === 'function' ? fields() : fields));
  return { kind: 'object', name, field: (each) => table().get(each) };
}

const fieldTable = (fields: Fields): ReadonlyMap<string, Field> =>
  new Map(Object.entries(fields).map(([name, each]) => [name, 'kind' in each ? { type: each } : each]));

/** As messages of the checker write it: `list(int)`, `map(string, dyn)`, `timestamp`. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'type':
      return type.of ? `type(${formatType(type.of)})` : 'type';
    case 'wrapper':
      return `wrapper(${formatType(type.of)})`;
    case 'opaque':
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(formatType).join(', ')})`;
    case 'object':
    case 'parameter':
      return type.name;
    case 'error':
      return '!error!';
    default:
      return type.kind;
  }
}

/** As Kubernetes names it in "must evaluate to string but got …": like `formatType`, with the full names of a few. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${typeName(type.element)})`;
    case 'map':
      return `map(${typeName(type.key)}, ${typeName(type.value)})`;
    case 'null':
      return 'null_type';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    default:
      return formatType(type);
  }
}

/** The types that a type is made of. */
export function partsOf(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'opaque':
      return type.parameters;
    case 'type':
      return type.of ? [type.of] : [];
    default:
      return [];
  }
}

/** The same type with every part replaced. */
export function mapParts(type: Type, replace: (part: Type) => Type): Type {
  switch (type.kind) {
    case 'list':
      return { ...type, element: replace(type.element) };
    case 'map':
      return mapOf(replace(type.key), replace(type.value));
    case 'opaque':
      return type.parameters.length === 0 ? type : opaque(type.name, ...type.parameters.map(replace));
    case 'type':
      return type.of ? typeOf(replace(type.of)) : type;
    default:
      return type;
  }
}

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'wrapper' && b.kind === 'wrapper') return a.of.kind === b.of.kind;
  if ('name' in a && 'name' in b && a.name !== b.name) return false;
  const [left, right] = [partsOf(a), partsOf(b)];
  return left.length === right.length && left.every((part, i) => sameType(part, right[i] as Type));
}
