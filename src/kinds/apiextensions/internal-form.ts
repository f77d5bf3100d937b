// Definitions as Go prints its own types of them in complaints: every field, by its Go name, in Go's order.

import type {
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  ValidationRule,
} from '../generated/types/apiextensions-v1.ts';
import { type JsonSchema, additionalOf, itemsOf } from './structural.ts';

export const internalRule = (rule: ValidationRule) => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

const listed = (schemas: readonly JsonSchema[] | undefined) => schemas?.map(internalSchema) ?? null;

const mapped = (schemas: Readonly<Record<string, JsonSchema>> | undefined) =>
  schemas
    ? Object.fromEntries(
        Object.entries(schemas)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, schema]) => [name, internalSchema(schema)]),
      )
    : null;

const orBoolean = (value: JsonSchema['additionalItems'], schema: JsonSchema | undefined) =>
  value === undefined
    ? null
    : { Allows: value !== false, Schema: typeof value === 'object' && schema ? internalSchema(schema) : null };

export function internalSchema(schema: JsonSchema): Record<string, unknown> {
  const { items, additionalItems } = schema;
  const only = itemsOf(schema);
  const many = Array.isArray(items);
  return {
    ID: schema.id ?? '',
    Schema: schema.$schema ?? '',
    Ref: schema.$ref ?? null,
    Description: schema.description ?? '',
    Type: schema.type ?? '',
    Nullable: schema.nullable ?? false,
    Format: schema.format ?? '',
    Title: schema.title ?? '',
    Default: schema.default ?? null,
    Maximum: schema.maximum ?? null,
    ExclusiveMaximum: schema.exclusiveMaximum ?? false,
    Minimum: schema.minimum ?? null,
    ExclusiveMinimum: schema.exclusiveMinimum ?? false,
    MaxLength: schema.maxLength ?? null,
    MinLength: schema.minLength ?? null,
    Pattern: schema.pattern ?? '',
    MaxItems: schema.maxItems ?? null,
    MinItems: schema.minItems ?? null,
    UniqueItems: schema.uniqueItems ?? false,
    MultipleOf: schema.multipleOf ?? null,
    Enum: schema.enum ?? null,
    MaxProperties: schema.maxProperties ?? null,
    MinProperties: schema.minProperties ?? null,
    Required: schema.required ?? null,
    Items: items
      ? {
          Schema: many || !only ? null : internalSchema(only),
          JSONSchemas: many ? listed(items as JsonSchema[]) : null,
        }
      : null,
    AllOf: listed(schema.allOf),
    OneOf: listed(schema.oneOf),
    AnyOf: listed(schema.anyOf),
    Not: schema.not ? internalSchema(schema.not) : null,
    Properties: mapped(schema.properties),
    AdditionalProperties: orBoolean(schema.additionalProperties, additionalOf(schema)),
    PatternProperties: mapped(schema.patternProperties),
    Dependencies: schema.dependencies ?? null,
    AdditionalItems: orBoolean(additionalItems, typeof additionalItems === 'object' ? additionalItems : undefined),
    Definitions: mapped(schema.definitions),
    ExternalDocs: schema.externalDocs
      ? { Description: schema.externalDocs.description ?? '', URL: schema.externalDocs.url ?? '' }
      : null,
    Example: schema.example ?? null,
    XPreserveUnknownFields: schema['x-kubernetes-preserve-unknown-fields'] ?? null,
    XEmbeddedResource: schema['x-kubernetes-embedded-resource'] ?? false,
    XIntOrString: schema['x-kubernetes-int-or-string'] ?? false,
    XListMapKeys: schema['x-kubernetes-list-map-keys'] ?? null,
    XListType: schema['x-kubernetes-list-type'] ?? null,
    XMapType: schema['x-kubernetes-map-type'] ?? null,
    XValidations: schema['x-kubernetes-validations']?.map(internalRule) ?? null,
  };
}

const internalSubresources = ({ status, scale }: CustomResourceSubresources) => ({
  Status: status ? {} : null,
  Scale: scale
    ? {
        SpecReplicasPath: scale.specReplicasPath ?? '',
        StatusReplicasPath: scale.statusReplicasPath ?? '',
        LabelSelectorPath: scale.labelSelectorPath ?? null,
      }
    : null,
});

/** `isShared`: parts that all versions have alike stand elsewhere in Go's type. */
export const internalVersion = (
  version: CustomResourceDefinitionVersion,
  isShared: (part: keyof CustomResourceDefinitionVersion) => boolean,
) => {
  const { schema, subresources, additionalPrinterColumns, selectableFields } = version;
  const own = <T>(part: keyof CustomResourceDefinitionVersion, value: T | undefined) =>
    isShared(part) ? undefined : value;
  return {
    Name: version.name ?? '',
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: own('schema', schema)
      ? { OpenAPIV3Schema: schema?.openAPIV3Schema ? internalSchema(schema.openAPIV3Schema) : null }
      : null,
    Subresources: own('subresources', subresources) ? internalSubresources(subresources ?? {}) : null,
    AdditionalPrinterColumns:
      own('additionalPrinterColumns', additionalPrinterColumns)?.map((column) => ({
        Name: column.name ?? '',
        Type: column.type ?? '',
        Format: column.format ?? '',
        Description: column.description ?? '',
        Priority: column.priority ?? 0,
        JSONPath: column.jsonPath ?? '',
      })) ?? null,
    SelectableFields:
      own('selectableFields', selectableFields)?.map(({ jsonPath }) => ({ JSONPath: jsonPath })) ?? null,
  };
};
