// What a value of the API looks like: the one description that decoding, patches, apply, OpenAPI and protobuf read.

/** Scalars with their Go meaning: `int32` and `int64` are whole numbers, `bytes` is base64 text, `quantity`, `time`, `microTime`, `duration` are text with a grammar. */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'quantity'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'intOrString';

export interface ScalarSchema {
  readonly type: ScalarType;
  /** The name of the Go type where it is a named string (`v1.RestartPolicy`), for wording. */
  readonly name?: string;
  readonly enum?: readonly string[];
}

/** A Go struct, or an object of a structural schema. */
export interface ObjectSchema {
  readonly type: 'object';
  /** `io.k8s.api.core.v1.Container`, as in OpenAPI; undefined for nested objects of custom resources. */
  readonly name?: string;
  /** In Go's declaration order, inlined structs flattened. Linked lazily, since types may contain themselves. */
  readonly fields: ReadonlyMap<string, Field>;
  /** The one field of this type is granular although the type is atomic: OpenAPI says so. */
  readonly granular?: boolean;
  /** Owned and replaced as a whole by apply (structType, or x-kubernetes-map-type: atomic). */
  readonly atomic: boolean;
  /** Fields the schema does not know are kept (custom resources only). */
  readonly open: boolean;
}

export interface MapSchema {
  readonly type: 'map';
  readonly values: Schema;
  readonly atomic: boolean;
  /** Marked as granular, which it would be anyway: OpenAPI says so. */
  readonly granular?: boolean;
  /** Go's name of the type (`v1.ResourceList`) and of its keys (`v1.ResourceName`), for wording. */
  readonly name?: string;
  readonly keyName?: string;
}

export interface ListSchema {
  readonly type: 'list';
  readonly items: Schema;
  readonly listType: 'atomic' | 'set' | 'map';
  /** The fields that make an item's identity when `listType` is `map`. */
  readonly keys: readonly string[];
  /** The declaration carries no listType: it is atomic, and OpenAPI says nothing. */
  readonly unmarked?: boolean;
  /** Go's name of the type (`v1.ExtraValue`), for wording. */
  readonly name?: string;
  /** Protobuf knows no list of this name: a message with the items as field 1. */
  readonly wrapped?: boolean;
}

/** Anything at all: RawExtension, JSON, x-kubernetes-preserve-unknown-fields. Owned as one leaf by apply unless `deduced`. */
export interface AnySchema {
  readonly type: 'any';
  /** Apply treats objects inside as granular maps and lists as atomic (schemaless custom resources). */
  readonly deduced: boolean;
  /** The published type, as in OpenAPI (`io.k8s.apimachinery.pkg.runtime.RawExtension`). */
  readonly name?: string;
  /** An object of this schema, or the other form: a JSON schema's items, additionalProperties, dependencies. */
  readonly either?: { readonly object: ObjectSchema; readonly or: 'list' | 'boolean' | 'strings' };
}

export type Schema = ScalarSchema | ObjectSchema | MapSchema | ListSchema | AnySchema;

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** The Go field is a pointer (or a slice or map): absent differs from zero. */
  readonly pointer: boolean;
  /** Go leaves a zero value out. Without it the zero value is always written: `""`, `0`, `false`, `null` for lists, maps and pointers, `{}` for structs. Structs are always written, omitempty or not, unless `omitzero`. */
  readonly omitempty: boolean;
  readonly omitzero?: boolean;
  /** Marked as required in the published OpenAPI. */
  readonly required: boolean;
  /** The default the declaration carries (a JSON value), for those few that do. */
  readonly default?: unknown;
  /** Strategic merge patch: how a list or map is patched, as published in OpenAPI. */
  readonly patchStrategy?: readonly ('merge' | 'replace' | 'retainKeys')[];
  readonly patchMergeKey?: string;
  /** Protobuf field number, where the type has a protobuf form. */
  readonly number?: number;
  /** The Go field is an embedded struct written under its own protobuf number although JSON flattens it: the path of protobuf numbers to it. */
  readonly within?: readonly number[];
  /** Go's names of the embedded structs that JSON flattens, for wording: `ProbeHandler`. */
  readonly embedded?: readonly string[];
}
