// CustomResourceDefinition: a kind of one's own.

import { defineKind } from '../define.ts';
import type { CustomResourceDefinition as Shape } from '../generated/types/apiextensions-v1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import { definitionChangeIssues, definitionIssues, newDefinitionIssues } from './definition-issues.ts';
import { isKnownFormat } from './formats.ts';
import { type JsonSchema, additionalOf, itemsOf } from './structural.ts';

export type CustomResourceDefinition = Shape;

/** Keeps a definition until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export const CustomResourceDefinition = defineKind<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  {
    nameRule: 'pathSegment',
    requireVersionOnUpdate: true,
    applyDefaults,
    prepareForCreate(definition) {
      const stored = storageVersions(definition);
      const none = null as unknown as string[];
      definition.status = {
        acceptedNames: { kind: '', plural: '' },
        conditions: null as unknown as [],
        storedVersions: stored.length > 0 ? stored : none,
      };
    },
    prepareForUpdate(definition) {
      const { status } = definition;
      const added = storageVersions(definition).filter((name) => !status?.storedVersions?.includes(name));
      if (status && added.length > 0) {
        definition.status = { ...status, storedVersions: [...(status.storedVersions ?? []), ...added] };
      }
    },
    departure: { finalizer: cleanupFinalizer, mark: markTerminating },
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: newDefinitionIssues,
    validateUpdate: (next, previous) => [
      ...definitionIssues(next, previous),
      ...definitionChangeIssues(next, previous),
    ],
    warnings: formatWarnings,
  },
);

function markTerminating(definition: CustomResourceDefinition, now: string): void {
  const condition = {
    type: 'Terminating',
    status: 'True' as const,
    lastTransitionTime: now,
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  const others = (definition.status?.conditions ?? []).filter(({ type }) => type !== 'Terminating');
  definition.status = { ...(definition.status as NonNullable<Shape['status']>), conditions: [...others, condition] };
}

const storageVersions = ({ spec }: CustomResourceDefinition): string[] =>
  (spec.versions ?? []).filter(({ storage }) => storage).map(({ name }) => name);

function applyDefaults(definition: CustomResourceDefinition): void {
  const spec = (definition.spec ??= {} as Shape['spec']);
  const names = (spec.names ??= { plural: '', kind: '' });
  if (names.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

/** Formats that nobody checks. */
function formatWarnings({ spec }: CustomResourceDefinition): string[] {
  const formats = spec.versions.flatMap(({ schema }) => unknownFormats(schema?.openAPIV3Schema));
  return [...new Set(formats)].map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function unknownFormats(schema: JsonSchema | undefined): string[] {
  if (!schema) return [];
  const { type = '', format } = schema;
  const own = format && !isKnownFormat(type, format) ? [format] : [];
  const nested = [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})];
  return [...own, ...nested.flatMap(unknownFormats)];
}
