// A custom resource's kind: what a CustomResourceDefinition says, in the one form all kinds have.

import { isNumeric } from '../../base/whole-number.ts';
import { deepEqual, semanticEqual } from '../../base/equal.ts';
import { type Issue, invalid } from '../../api/issues.ts';
import {
  type Behaviour,
  type Kind,
  type ScalePaths,
  type ServedVersion,
  type Subresource,
  type Verb,
  apiVersionOf,
} from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { embeddedIssues } from '../../kinds/apiextensions/embedded-issues.ts';
import { pruneResource, readConverted, readResource } from '../../kinds/apiextensions/read.ts';
import { valuesAt } from '../../kinds/apiextensions/field-path.ts';
import { type Judgement, judgeOf, type Timed } from '../../kinds/apiextensions/judge.ts';
import { scaleIssues } from '../../kinds/apiextensions/scale-issues.ts';
import { type JsonSchema, schemaOfResource } from '../../kinds/apiextensions/structural.ts';
import { repetitionIssues, valueIssues } from '../../kinds/apiextensions/value-issues.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../kinds/generated/types/apiextensions-v1.ts';
import { keepMetadata, statusOnlyFields } from '../../kinds/status-update.ts';
import { compareVersions } from '../catalog.ts';
import { printerColumns } from './printer-columns.ts';

const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const partVerbs = ['get', 'patch', 'update'];

export interface DefinitionWorld {
  /** Who converts objects, where versions differ in more than their names. */
  readonly convert: Kind['convert'];
  readonly timed: Timed;
}

/** As the version sees it that objects are stored in; the others have their own view of the kind in `versions`. */
export function kindOfDefinition(
  { metadata, spec }: CustomResourceDefinition,
  { convert, timed }: DefinitionWorld,
): Kind {
  const stored = spec.versions.find(({ storage }) => storage) ?? spec.versions[0];
  const served = spec.versions.filter((version) => version.served);
  const hub = served.filter((version) => version === stored);
  const versions: ServedVersion[] = [];
  const definedVersions: ServedVersion[] = [];
  const view = (version: CustomResourceDefinitionVersion | undefined): Kind => ({
    ...kindOf(spec, stored?.name ?? ''),
    subresources: subresourcesOf(version),
    versions,
    definedVersions,
    behaviour: {
      ...behaviourOf(version, timed),
      readStored: (object: CustomResource) => readStored(spec, object),
      ...(version !== stored && !convert && { fitForStorage: (draft: CustomResource) => fit(draft, schemaOf(stored)) }),
    },
    custom: true,
    ...(version && version !== stored && { spoken: version.name }),
    ...(convert && { convert }),
    ...(metadata.deletionTimestamp !== undefined && { terminating: true }),
  });
  for (const version of spec.versions) definedVersions.push({ ...servedVersion(version, spec), as: view(version) });
  for (const version of [...hub, ...served.filter((each) => each !== stored)])
    versions.push(definedVersions[spec.versions.indexOf(version)] as ServedVersion);
  return hub.length > 0 ? (versions[0]?.as as Kind) : view(stored);
}

/** What all versions have in common. */
function kindOf({ group, names, scope }: CustomResourceDefinition['spec'], version: string) {
  return {
    group,
    version,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs,
  } as const;
}

const schemaOf = (version: CustomResourceDefinitionVersion | undefined): JsonSchema | undefined =>
  version?.schema?.openAPIV3Schema;

function servedVersion(
  version: CustomResourceDefinitionVersion,
  spec: CustomResourceDefinition['spec'],
): ServedVersion {
  const schema = schemaOf(version);
  const deprecation = version.deprecationWarning ?? deprecationOf(version.name, spec);
  return {
    version: version.name,
    schema: schemaOfResource(schema),
    read: (value) => readResource(schema, value),
    fromHub: (draft: KubeObject) => pruneResource(schema, draft),
    ...(version.deprecated && { deprecation }),
  };
}

/**
 * Objects are stored as the stored version's schema allows, whichever version they were written in: versions differ in apiVersion alone.
 * Who wrote a field that is lost here still owns it.
 */
function fit(draft: CustomResource, schema: JsonSchema | undefined): void {
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

/** The newest version that is better is what to use instead. */
function deprecationOf(version: string, { group, names, versions }: CustomResourceDefinition['spec']): string {
  const typeIn = (each: string) => `${apiVersionOf({ group, version: each })} ${names.kind}`;
  const [better] = versions
    .filter(({ name, served, deprecated }) => served && !deprecated && compareVersions(version, name) < 0)
    .map(({ name }) => name)
    .sort((a, b) => compareVersions(b, a));
  return `${typeIn(version)} is deprecated${better === undefined ? '' : `; use ${typeIn(better)}`}`;
}

/** An object that came back in one of the versions, as far as that version's schema knows it. */
export function readIn({ group, versions }: CustomResourceDefinition['spec'], object: KubeObject): KubeObject {
  const version = versions.find(({ name }) => apiVersionOf({ group, version: name }) === object.apiVersion);
  return version ? readConverted(schemaOf(version), object) : object;
}

/** By the schema, as it is today, of the version that the object lies in: it may know less or more than when the object was written. */
function readStored({ group, versions }: CustomResourceDefinition['spec'], object: CustomResource): CustomResource {
  const version = versions.find(({ name }) => apiVersionOf({ group, version: name }) === object.apiVersion);
  if (!version) return object;
  const read = { ...object };
  fit(read, schemaOf(version));
  return deepEqual(read, object) ? object : read;
}

function behaviourOf(version: CustomResourceDefinitionVersion | undefined, timed: Timed): Behaviour {
  const schema = schemaOf(version);
  const hasStatus = version?.subresources?.status !== undefined;
  const paths = scalePathsOf(version);
  const columns = printerColumns(version?.additionalPrinterColumns);
  const rulesOn = rulesOf(schema, timed);
  const issuesOf = (object: KubeObject, previous: KubeObject | undefined, parts: readonly ('spec' | 'status')[]) => {
    const issues = schema ? objectIssues(object, schema, previous, paths ? scaleIssues(object, paths, parts) : []) : [];
    return [
      ...issues,
      ...(issues.some(isBlocking) && rulesOn ? [unjudged] : (rulesOn?.(object, previous).issues ?? [])),
    ];
  };
  return {
    requireVersionOnUpdate: true,
    generation: (next, previous) => !semanticEqual(contentOf(next, hasStatus), contentOf(previous, hasStatus)),
    ...(hasStatus && {
      prepareForCreate: (draft: CustomResource) => void delete draft.status,
      prepareForStatusUpdate: keepMetadata,
      resetFields: statusOnlyFields,
    }),
    validate: (object) => issuesOf(object, undefined, ['spec', 'status']),
    validateUpdate: (next, previous) => issuesOf(next, previous, ['spec', 'status']),
    validateStatusUpdate: (next, previous) => issuesOf(next, previous, ['status']),
    warnings: (next, previous) => [...(rulesOn?.(next, previous).warnings ?? []), ...finalizerWarnings(next, previous)],
    columns,
    selectableFields: Object.fromEntries(
      (version?.selectableFields ?? []).map(({ jsonPath }) => [
        jsonPath.replace(/^\./, ''),
        (object: KubeObject) => textOf(valuesAt(object, jsonPath)[0]),
      ]),
    ),
    ...(paths && { scale: paths }),
  };
}

function scalePathsOf(version: CustomResourceDefinitionVersion | undefined): ScalePaths | undefined {
  const scale = version?.subresources?.scale;
  return (
    scale && {
      replicas: scale.specReplicasPath,
      statusReplicas: scale.statusReplicasPath,
      ...(scale.labelSelectorPath && { selector: scale.labelSelectorPath }),
    }
  );
}

/** Everything but metadata, and the status where it is a matter of its own. */
function contentOf(object: KubeObject, hasStatus: boolean): unknown {
  const { metadata: _, status, ...content } = object;
  return hasStatus ? content : { ...content, status };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : isNumeric(value) || typeof value === 'boolean' ? String(value) : '';

function objectIssues(
  object: KubeObject,
  schema: JsonSchema,
  previous: KubeObject | undefined,
  scale: readonly Issue[],
): Issue[] {
  const root = { ...schema, properties: { ...schema.properties } };
  const repeatedBefore = previous !== undefined && repetitionIssues(previous, root, '').length > 0;
  return [
    ...valueIssues(object, root, '', previous),
    ...scale,
    ...embeddedIssues(object, schema, ''),
    // Lists that were no sets or maps before do not stand in the way of other changes.
    ...(repeatedBefore ? [] : repetitionIssues(object, root, '')),
  ];
}

/** The rules of a schema, asked once for an object: what is wrong is known before what is worth a warning. */
function rulesOf(
  schema: JsonSchema | undefined,
  timed: Timed,
): ((next: KubeObject, previous?: KubeObject) => Judgement) | undefined {
  const judge = schema && judgeOf(schema, true, timed);
  if (!judge) return undefined;
  let last: { readonly next: KubeObject; readonly previous: KubeObject | undefined; readonly judgement: Judgement };
  return (next, previous) => {
    if (last?.next !== next || last.previous !== previous) last = { next, previous, judgement: judge(next, previous) };
    return last.judgement;
  };
}

/** Objects that are wrong in one of these ways are not judged by rules. */
const isBlocking = ({ type }: Issue): boolean =>
  type === 'notSupported' || type === 'required' || type === 'tooLong' || type === 'tooMany' || type === 'typeInvalid';

const unjudged = invalid(
  '<nil>',
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

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
