// A custom resource's kind: what a CustomResourceDefinition says, in the one form all kinds have.

import { semanticEqual } from '../../base/equal.ts';
import type { Issue } from '../../api/issues.ts';
import {
  type Behaviour,
  type Kind,
  type ServedVersion,
  type Subresource,
  type Verb,
  apiVersionOf,
} from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { pruneResource, readResource } from '../../kinds/apiextensions/read.ts';
import { valuesAt } from '../../kinds/apiextensions/field-path.ts';
import { type JsonSchema, schemaOfResource } from '../../kinds/apiextensions/structural.ts';
import { repetitionIssues, valueIssues } from '../../kinds/apiextensions/value-issues.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../kinds/generated/types/apiextensions-v1.ts';
import { keepMetadata, statusOnlyFields } from '../../kinds/status-update.ts';
import { printerColumns } from './printer-columns.ts';

const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const partVerbs = ['get', 'patch', 'update'];

/** Subresources and columns are those of the version that objects are stored in. */
export function kindOfDefinition({ spec }: CustomResourceDefinition): Kind {
  const { group, names, scope } = spec;
  const stored = spec.versions.find(({ storage }) => storage) ?? spec.versions[0];
  const served = spec.versions.filter((version) => version.served);
  const hub = served.filter((version) => version === stored);
  return {
    group,
    version: stored?.name ?? '',
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs,
    subresources: subresourcesOf(stored),
    versions: [...hub, ...served.filter((version) => version !== stored)].map((version) =>
      servedVersion(version, group, names.kind, stored),
    ),
    behaviour: behaviourOf(stored),
    custom: true,
  };
}

const schemaOf = (version: CustomResourceDefinitionVersion | undefined): JsonSchema | undefined =>
  version?.schema?.openAPIV3Schema;

function servedVersion(
  version: CustomResourceDefinitionVersion,
  group: string,
  kind: string,
  stored: CustomResourceDefinitionVersion | undefined,
): ServedVersion {
  const schema = schemaOf(version);
  const apiVersion = apiVersionOf({ group, version: version.name });
  const deprecation = version.deprecationWarning ?? `${apiVersion} ${kind} is deprecated`;
  return {
    version: version.name,
    schema: schemaOfResource(schema),
    read: (value) => readResource(schema, value),
    ...(version !== stored && {
      fromHub: (draft: KubeObject) => pruneResource(schema, draft),
    }),
    ...(version.deprecated && { deprecation }),
  };
}

/**
 * Objects are stored as the stored version's schema allows, whichever version they were written in: versions differ in apiVersion alone.
 * Who wrote a field that is lost here still owns it.
 */
function fitStored(draft: CustomResource, schema: JsonSchema | undefined): void {
  if (!schema) return;
  const { apiVersion, kind, metadata, ...content } = draft;
  const fitting = readResource(schema, { apiVersion, kind, ...content }).object;
  for (const name of Object.keys(content)) if (!(name in fitting)) delete draft[name];
  Object.assign(draft, fitting, { metadata });
}

function subresourcesOf(version: CustomResourceDefinitionVersion | undefined): Subresource[] {
  const { status, scale } = version?.subresources ?? {};
  return [
    ...(status ? [{ name: 'status', verbs: partVerbs }] : []),
    ...(scale
      ? [{ name: 'scale', verbs: partVerbs, kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }]
      : []),
  ];
}

type CustomResource = KubeObject & Record<string, unknown>;

function behaviourOf(version: CustomResourceDefinitionVersion | undefined): Behaviour {
  const schema = schemaOf(version);
  const hasStatus = version?.subresources?.status !== undefined;
  const scale = version?.subresources?.scale;
  const columns = printerColumns(version?.additionalPrinterColumns);
  return {
    requireVersionOnUpdate: true,
    generation: (next, previous) => !semanticEqual(contentOf(next, hasStatus), contentOf(previous, hasStatus)),
    prepareForCreate(draft: CustomResource) {
      fitStored(draft, schema);
      if (hasStatus) delete draft.status;
    },
    prepareForUpdate: (draft: CustomResource) => fitStored(draft, schema),
    ...(hasStatus && {
      prepareForStatusUpdate: keepMetadata,
      resetFields: statusOnlyFields,
    }),
    validate: (object) => objectIssues(object, schema, undefined),
    validateUpdate: (next, previous) => objectIssues(next, schema, previous),
    validateStatusUpdate: (next, previous) => objectIssues(next, schema, previous),
    warnings: finalizerWarnings,
    columns,
    selectableFields: Object.fromEntries(
      (version?.selectableFields ?? []).map(({ jsonPath }) => [
        jsonPath.replace(/^\./, ''),
        (object: KubeObject) => textOf(valuesAt(object, jsonPath)[0]),
      ]),
    ),
    ...(scale && {
      scale: {
        replicas: scale.specReplicasPath,
        statusReplicas: scale.statusReplicasPath,
        ...(scale.labelSelectorPath && { selector: scale.labelSelectorPath }),
      },
    }),
  };
}

/** Everything but metadata, and the status where it is a matter of its own. */
function contentOf(object: KubeObject, hasStatus: boolean): unknown {
  const { metadata: _, status, ...content } = object;
  return hasStatus ? content : { ...content, status };
}

const textOf = (value: unknown): string =>
  value === undefined || value === null || typeof value === 'object' ? '' : String(value);

function objectIssues(object: KubeObject, schema: JsonSchema | undefined, previous: KubeObject | undefined): Issue[] {
  if (!schema) return [];
  const root = { ...schema, properties: { ...schema.properties } };
  return [...valueIssues(object, root, '', previous), ...repetitionIssues(object, root, '')];
}

const standardFinalizers = ['orphan', 'foregroundDeletion', 'kubernetes'];

function finalizerWarnings(next: KubeObject, previous: KubeObject | undefined): string[] {
  const before = previous?.metadata.finalizers ?? [];
  return (next.metadata.finalizers ?? [])
    .filter((name) => !name.includes('/') && !standardFinalizers.includes(name) && !before.includes(name))
    .map((name) => {
      const advice =
        'prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers';
      return `metadata.finalizers: ${JSON.stringify(name)}: ${advice}`;
    });
}
