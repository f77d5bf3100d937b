// Writes src/kinds/generated: the types, schemas and discovery facts of every kind, from published facts about Kubernetes.
// Run: node tools/generate-kinds.ts [folder with facts.json, swagger.json and aggregated_v2.json] [recorded core discovery]

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from './text-layout.ts';

interface FactField {
  json: string | null;
  go: string;
  inline?: boolean;
  omitempty?: boolean;
  omitzero?: boolean;
  number?: number;
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
  structType?: 'granular';
  patchStrategy?: string;
  patchMergeKey?: string;
  default?: string;
}

interface FactType {
  fields?: FactField[];
  alias?: string;
  markers?: Record<string, unknown>;
}

interface Definition {
  required?: string[];
  description?: string;
  properties?: Readonly<Record<string, { readonly description?: string }>>;
  'x-kubernetes-unions'?: unknown;
}

interface DiscoveredSubresource {
  subresource: string;
  verbs: string[];
  responseKind: { group: string; version: string; kind: string };
}

interface DiscoveredResource {
  resource: string;
  singularResource: string;
  scope: 'Namespaced' | 'Cluster';
  responseKind: { kind: string };
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: DiscoveredSubresource[];
}

interface DiscoveredGroup {
  metadata: { name: string };
  versions: { version: string; resources: DiscoveredResource[] }[];
}

interface CoreResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  group?: string;
  version?: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

const data = process.argv[2] ?? '../shared/data/kubernetes-1.36';
const recorded = process.argv[3] ?? join(data, '../../fidelity/cases/api/machinery/01-discovery.recorded.json');
const output = join(import.meta.dirname, '../src/kinds/generated');

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const facts = read<{ types: Record<string, FactType>; enums: Record<string, string[]> }>(join(data, 'facts.json'));
const swagger = read<{
  definitions: Record<string, Definition>;
  parameters: Record<string, { name: string; description?: string }>;
}>(join(data, 'swagger.json'));
const groups = [coreGroup(), ...read<{ items: DiscoveredGroup[] }>(join(data, 'aggregated_v2.json')).items];

// ---- Names: `core.v1.Pod` here, `k8s.io/api/core/v1.Pod` in the facts, `io.k8s.api.core.v1.Pod` in OpenAPI.

const packages: Record<string, string> = {
  meta: 'k8s.io/apimachinery/pkg/apis/meta',
  apiextensions: 'k8s.io/apiextensions',
  apiregistration: 'k8s.io/apiregistration',
  metrics: 'k8s.io/metrics/metrics',
};

const openApiPackages: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
};

const folders: Record<string, string> = {
  '': 'core',
  'flowcontrol.apiserver.k8s.io': 'flowcontrol',
  'rbac.authorization.k8s.io': 'rbac',
  'internal.apiserver.k8s.io': 'apiserverinternal',
};

const folderOf = (group: string): string => folders[group] ?? group.split('.')[0] ?? group;

function splitName(name: string): { folder: string; version: string; type: string } {
  const [folder = '', version = '', type = ''] = name.split('.');
  return { folder, version, type };
}

function factOf(name: string): FactType | undefined {
  const { folder, version, type } = splitName(name);
  const fact = facts.types[`${packages[folder] ?? `k8s.io/api/${folder}`}/${version}.${type}`];
  if (fact || !definitionOf(name)) return fact;
  // The facts leave out structs without fields, and those that older versions define as v1's.
  return definitionOf(name)?.properties ? factOf(`${folder}.v1.${type}`) : { fields: [] };
}

/** Values that the facts miss. */
const furtherEnums: Record<string, string[]> = {
  PathType: ['Exact', 'ImplementationSpecific', 'Prefix'],
  AddressType: ['FQDN', 'IPv4', 'IPv6'],
  DeviceAllocationMode: ['All', 'ExactCount'],
};

function enumOf(name: string): string[] | undefined {
  const { folder, version, type } = splitName(name);
  if (furtherEnums[type]) return furtherEnums[type];
  return facts.enums[`${packages[folder] ?? `k8s.io/api/${folder}`}/${version}.${type}`];
}

function definitionOf(name: string): Definition | undefined {
  const { folder, version, type } = splitName(name);
  return swagger.definitions[`${openApiPackages[folder] ?? `io.k8s.api.${folder}`}.${version}.${type}`];
}

/** Go's import aliases; `v1` is whichever package the declaring file means by it. */
const aliases: Record<string, string> = {
  metav1: 'meta.v1',
  corev1: 'core.v1',
  apiv1: 'core.v1',
  batchv1: 'batch.v1',
  authenticationv1: 'authentication.v1',
  authorizationv1: 'authorization.v1',
};

const special: Record<string, string> = {
  'types.UID': 'string=types.UID',
  'types.NodeName': 'string=types.NodeName',
  'runtime.RawExtension': 'any=runtime.RawExtension',
  'intstr.IntOrString': 'intOrString',
  'resource.Quantity': 'quantity',
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'microTime',
  'meta.v1.Duration': 'duration',
  'meta.v1.FieldsV1': 'any=meta.v1.FieldsV1',
  'apiextensions.v1.JSON': 'any=apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaPropsOrArray': 'any=apiextensions.v1.JSONSchemaPropsOrArray',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'any=apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'any=apiextensions.v1.JSONSchemaPropsOrStringArray',
  'interface{}': 'any',
  string: 'string',
  bool: 'boolean',
  int32: 'int32',
  int64: 'int64',
  float64: 'double',
};

/** `v1.Foo` as the package `within` means it, written without its package where it is the same one. */
function resolve(go: string, within: string): string {
  const dot = go.lastIndexOf('.');
  if (dot < 0) return ownOrStable(go, within);
  const [alias, type] = [go.slice(0, dot), go.slice(dot + 1)];
  if (aliases[alias]) return `${aliases[alias]}.${type}`;
  if (alias === 'v1')
    return ['meta.v1', 'core.v1', `${splitName(within).folder}.v1`].map((p) => `${p}.${type}`).find(factOf) ?? go;
  return go;
}

/** Older versions borrow some types of v1 under the same name. */
function ownOrStable(type: string, within: string): string {
  const own = `${within}.${type}`;
  return factOf(own) || !factOf(`${splitName(own).folder}.v1.${type}`) ? own : `${splitName(own).folder}.v1.${type}`;
}

// ---- One type of a field, in the notation that kinds/schemas.ts reads.

interface Written {
  text: string;
  /** Nil differs from zero. */
  nullable: boolean;
}

function writeType(go: string, field: FactField, within: string): Written {
  if (go.startsWith('*')) return { text: writeType(go.slice(1), field, within).text, nullable: true };
  if (go === '[]byte') return { text: 'bytes', nullable: true };
  if (go === 'interface{}') return { text: 'any', nullable: true };
  const inner = { ...field, listType: undefined, mapType: undefined } as unknown as FactField;
  if (go.startsWith('[]')) {
    const keys = field.listType === 'map' ? `map:${(field.listMapKeys ?? []).join(',')}` : (field.listType ?? '');
    return { text: `[${keys}]${writeType(go.slice(2), inner, within).text}`, nullable: true };
  }
  if (go.startsWith('map[')) {
    const end = go.indexOf(']');
    const key = go.slice(4, end);
    const named = key === 'string' ? '' : `:${resolve(key, within)}`;
    return {
      text: `{${field.mapType ?? ''}${named}}${writeType(go.slice(end + 1), inner, within).text}`,
      nullable: true,
    };
  }
  const plain = special[go];
  if (plain) return { text: plain, nullable: false };
  return writeNamed(resolve(go, within), field);
}

function writeNamed(name: string, field: FactField): Written {
  const plain = special[name];
  if (plain) return { text: plain, nullable: false };
  const fact = factOf(name);
  if (!fact) throw new Error(`no such type: ${name}`);
  if (fact.alias) return writeAlias(name, fact, field);
  reach(name);
  return { text: field.structType === 'granular' ? `%${name}` : name, nullable: false };
}

function writeAlias(name: string, fact: FactType, field: FactField): Written {
  const { folder, version } = splitName(name);
  const target = writeType(fact.alias ?? '', field, `${folder}.${version}`);
  // Protobuf has no named lists: it wraps them in a message.
  const wrapped = fact.markers?.['protobuf.nullable'] ? '+' : '';
  if (target.text === 'string') stringTypes.add(name);
  const text = /^[[{]/.test(target.text) ? `(${target.text})` : target.text;
  return { text: `${text}=${wrapped}${name}`, nullable: target.nullable };
}

interface Member {
  field: FactField;
  written: Written;
  path: number[];
  /** The embedded structs it belongs to. */
  embedded: string[];
}

/** The fields of a struct in the order of their declaration, with embedded structs unfolded. */
function membersOf(name: string, path: number[] = [], embedded: string[] = []): Member[] {
  const fact = factOf(name);
  if (!fact?.fields) throw new Error(`not a struct: ${name}`);
  const { folder, version } = splitName(name);
  return fact.fields.flatMap((field): Member[] => {
    if (field.json === '-') return [];
    if (field.inline) {
      const target = resolve(field.go, `${folder}.${version}`);
      if (target === 'meta.v1.TypeMeta')
        return membersOf(target).map((m) => ({ ...m, field: { ...m.field, number: 0 } }));
      return membersOf(target, [...path, field.number ?? 0], [...embedded, splitName(target).type]);
    }
    if (field.json === null) return [];
    return [{ field, written: writeType(field.go, field, `${folder}.${version}`), path, embedded }];
  });
}

function defaultOf(field: FactField, within: string): string {
  if (field.default === undefined) return '';
  const reference = /^ref\((\w+)\)$/.exec(field.default);
  if (!reference) return ` =${field.default}`;
  const values = enumOf(resolve(field.go.replace(/^\*/, ''), within)) ?? [];
  const value = values.find((v) => reference[1]?.endsWith(v) || reference[1]?.replace(/^Azure/, '').startsWith(v));
  return value === undefined ? '' : ` =${JSON.stringify(value)}`;
}

function writeField({ field, written, path, embedded }: Member, required: readonly string[], within: string): string {
  const flags = [
    written.nullable && '*',
    field.omitzero ? '~' : field.omitempty && '?',
    field.json !== null && required.includes(field.json) && '!',
  ].filter(Boolean);
  const number = field.number ? ` #${[...path, field.number].join('/')}` : '';
  const patch = field.patchStrategy
    ? ` ^${field.patchStrategy}${field.patchMergeKey ? `:${field.patchMergeKey}` : ''}`
    : '';
  return `${field.json} ${flags.join('')}${written.text}${number}${embedded.length ? ` @${embedded.join('/')}` : ''}${patch}${defaultOf(field, within)}`;
}

// ---- What is reachable.

const reached = new Map<string, Member[]>();
const stringTypes = new Set<string>();

function reach(name: string): void {
  if (reached.has(name)) return;
  reached.set(name, []);
  reached.set(name, membersOf(name));
}

/** Bodies, options and documents that no stored kind contains. */
const others = (
  'Status DeleteOptions CreateOptions UpdateOptions PatchOptions GetOptions ListOptions WatchEvent Table PartialObjectMetadata ' +
  'PartialObjectMetadataList APIGroup APIGroupList APIResourceList APIVersions Condition LabelSelector ListMeta ObjectMeta'
)
  .split(' ')
  .map((type) => `meta.v1.${type}`);
const otherBodies = (
  'Binding PodLogOptions PodExecOptions PodAttachOptions PodPortForwardOptions PodProxyOptions NodeProxyOptions ' +
  'ServiceProxyOptions RangeAllocation SerializedReference'
)
  .split(' ')
  .map((type) => `core.v1.${type}`);
const documents = [
  'autoscaling.v1.Scale',
  'policy.v1.Eviction',
  'authentication.v1.TokenRequest',
  'admission.v1.AdmissionReview',
  'apidiscovery.v2.APIGroupDiscoveryList',
  'metrics.v1beta1.NodeMetrics',
  'metrics.v1beta1.PodMetrics',
  'apiextensions.v1.ConversionReview',
];

function coreGroup(): DiscoveredGroup {
  type Recording = { cases: Record<string, { answers: { body: { resources: CoreResource[] } }[] }> };
  const all = read<Recording>(recorded).cases['discovery: the core version document']?.answers[0]?.body.resources ?? [];
  const resources = all
    .filter((r) => !r.name.includes('/'))
    .map(
      (r): DiscoveredResource => ({
        resource: r.name,
        singularResource: r.singularName,
        scope: r.namespaced ? 'Namespaced' : 'Cluster',
        responseKind: { kind: r.kind },
        verbs: r.verbs,
        ...(r.shortNames && { shortNames: r.shortNames }),
        ...(r.categories && { categories: r.categories }),
        subresources: all
          .filter((s) => s.name.startsWith(`${r.name}/`))
          .map((s) => ({
            subresource: s.name.slice(r.name.length + 1),
            verbs: s.verbs,
            responseKind: { group: s.group ?? '', version: s.version ?? '', kind: s.kind },
          })),
      }),
    );
  return { metadata: { name: '' }, versions: [{ version: 'v1', resources }] };
}

// ---- Discovery.

/** Kubernetes names the stored form of a resource by eight bytes of a digest. Events of both groups are stored as the core's. */
function storageVersionHash(group: string, version: string, kind: string): string {
  const stored = kind === 'Event' ? '/v1/Event' : `${group}/${version}/${kind}`;
  return createHash('sha256').update(stored).digest().subarray(0, 8).toString('base64');
}

const rank = (version: string): number => (version.includes('alpha') ? 2 : version.includes('beta') ? 1 : 0);

/** Stored in an older version than the newest stable one, as the digests of a real server show. */
const storedOlder: Record<string, string> = {
  customresourcedefinitions: 'v1beta1',
  mutatingadmissionpolicies: 'v1beta1',
  mutatingadmissionpolicybindings: 'v1beta1',
};

/** The version a resource is stored in: the first stable one, or else the first. */
function storageVersion(group: DiscoveredGroup, resource: string): string {
  if (storedOlder[resource]) return storedOlder[resource];
  const having = group.versions.filter((v) => v.resources.some((r) => r.resource === resource)).map((v) => v.version);
  return having.toSorted((a, b) => rank(a) - rank(b))[0] ?? '';
}

function discoveryOf(group: DiscoveredGroup): object {
  const versions = group.versions.map(({ version, resources }) => ({
    version,
    resources: resources.map((r) => ({
      name: r.resource,
      singular: r.singularResource,
      kind: r.responseKind.kind,
      namespaced: r.scope === 'Namespaced',
      verbs: r.verbs.join(' '),
      ...(r.shortNames && { shortNames: r.shortNames }),
      ...(r.categories && { categories: r.categories }),
      ...(r.verbs.includes('watch') && {
        hash: storageVersionHash(group.metadata.name, storageVersion(group, r.resource), r.responseKind.kind),
      }),
      ...(r.subresources?.length && {
        subresources: r.subresources.map((s) => ({
          name: s.subresource,
          verbs: s.verbs.join(' '),
          ...(s.responseKind.kind !== r.responseKind.kind && {
            kind: `${s.responseKind.version ? `${s.responseKind.group}/${s.responseKind.version}` : `${group.metadata.name}/${version}`}/${s.responseKind.kind}`,
          }),
        })),
      }),
    })),
  }));
  return { name: group.metadata.name, folder: folderOf(group.metadata.name), versions };
}

// ---- TypeScript.

/** Types whose declared values are examples rather than all there are. */
const openEnds =
  /(ConditionType|Reason|CauseType|ResourceName|SecretType|FinalizerName|StorageMedium|LimitType|AddressType|OSName)$/;

const closedEnum = (name: string): string[] | undefined => {
  const values = enumOf(name);
  return values && !openEnds.test(name) ? values : undefined;
};

const alternatives: Record<string, string> = {
  'meta.v1.FieldsV1': 'Record<string, unknown>',
  'apiextensions.v1.JSONSchemaPropsOrArray': 'JSONSchemaProps | JSONSchemaProps[]',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'JSONSchemaProps | boolean',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'JSONSchemaProps | string[]',
};

const inObjectFile = new Set(['ObjectMeta', 'ListMeta', 'OwnerReference', 'ManagedFieldsEntry']);

class TypesFile {
  private readonly imports = new Map<string, Map<string, string>>();
  private readonly own: Set<string>;
  private readonly home: string;

  constructor(home: string, own: Iterable<string>) {
    this.home = home;
    this.own = new Set(own);
  }

  /** The local name of a type, imported if it lives elsewhere. */
  use(name: string): string {
    const { folder, version, type } = splitName(name);
    const metadata = folder === 'meta' && inObjectFile.has(type);
    if (`${folder}.${version}` === this.home && !metadata) return type;
    const from = metadata ? '../../../api/object.ts' : `./${folder}-${version}.ts`;
    const local = this.own.has(type) ? `${folder[0]?.toUpperCase()}${folder.slice(1)}${type}` : type;
    const names = this.imports.get(from) ?? new Map<string, string>();
    this.imports.set(from, names.set(type, local));
    return local;
  }

  useObject(): string {
    const names = this.imports.get('../../../api/object.ts') ?? new Map<string, string>();
    this.imports.set('../../../api/object.ts', names.set('KubeObject', 'KubeObject'));
    return 'KubeObject';
  }

  typed(text: string): string {
    if (text.startsWith('(')) return this.typed(text.slice(1, text.lastIndexOf(')=')));
    if (text.startsWith('[')) return this.listOf(this.typed(text.slice(text.indexOf(']') + 1)));
    if (text.startsWith('{')) return `Record<string, ${this.typed(text.slice(text.indexOf('}') + 1))}>`;
    const [base = '', alias = ''] = text.split('=');
    if (base === 'string' && closedEnum(alias)) return this.use(alias);
    return alternatives[alias] ?? this.plain(base);
  }

  private listOf(items: string): string {
    return /[ |]/.test(items) && !items.startsWith('Record<') ? `(${items})[]` : `${items}[]`;
  }

  private plain(text: string): string {
    const known: Record<string, string> = {
      string: 'string',
      bytes: 'string',
      quantity: 'string',
      time: 'string',
      microTime: 'string',
      duration: 'string',
      boolean: 'boolean',
      int32: 'number',
      int64: 'number',
      double: 'number',
      intOrString: 'number | string',
      any: 'unknown',
    };
    return known[text] ?? this.use(text.replace(/^%/, ''));
  }

  header(): string {
    const byFile = [...this.imports].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return byFile
      .map(([from, names]) => {
        const list = [...names].toSorted(([a], [b]) => (a < b ? -1 : 1));
        return `import type { ${list.map(([n, local]) => (n === local ? n : `${n} as ${local}`)).join(', ')} } from '${from}';\n`;
      })
      .join('');
  }
}

const property = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`);

function writeInterface(name: string, file: TypesFile): string {
  const members = reached.get(name) ?? [];
  const root =
    members.some((m) => m.field.json === 'apiVersion' && m.field.number === 0) &&
    members.some((m) => m.field.json === 'metadata' && m.written.text === 'meta.v1.ObjectMeta');
  const lines = members
    .filter((m) => !(root && ['apiVersion', 'kind'].includes(m.field.json ?? '')))
    .map((m) => `  ${property(m.field.json ?? '')}${isOptional(m, root) ? '?' : ''}: ${file.typed(m.written.text)};\n`);
  return `export interface ${splitName(name).type}${root ? ` extends ${file.useObject()}` : ''} {\n${lines.join('')}}\n`;
}

function isOptional({ field, written }: Member, root: boolean): boolean {
  if (root && field.json === 'metadata') return false;
  if (root && field.json === 'status') return true;
  const pointer = field.go.startsWith('*');
  if (root && field.json === 'spec') return pointer;
  return Boolean(field.omitempty || pointer || (written.nullable && field.go === '[]byte'));
}

function writeTypesFile(home: string): string {
  const types = [...reached.keys()].filter((n) => n.startsWith(`${home}.`) && !isMetadata(n)).toSorted();
  const enums = [...stringTypes].filter((n) => n.startsWith(`${home}.`) && closedEnum(n)).toSorted();
  const file = new TypesFile(
    home,
    [...types, ...enums].map((n) => splitName(n).type),
  );
  const unions = enums.map(
    (n) => `export type ${splitName(n).type} = ${(closedEnum(n) ?? []).map((v) => `'${v}'`).join(' | ')};\n`,
  );
  const interfaces = types.map((n) => writeInterface(n, file));
  return `// The shapes of ${home.replace('.', '/')}. Generated by tools/generate-kinds.ts; do not edit.\n\n${file.header()}\n${[...unions, ...interfaces].join('\n')}`;
}

const isMetadata = (name: string): boolean =>
  splitName(name).folder === 'meta' && inObjectFile.has(splitName(name).type);

// ---- The table of schemas.

/** Fields joined by `;`, after a head that says what holds for the type: `a` atomic. */
function writeSchema(name: string): string {
  const { folder, version } = splitName(name);
  const required = definitionOf(name)?.required ?? [];
  const head = factOf(name)?.markers?.structType === 'atomic' ? 'a' : '';
  return [head, ...(reached.get(name) ?? []).map((m) => writeField(m, required, `${folder}.${version}`))]
    .join(';')
    .replaceAll(new RegExp(`(?<![.\\w])${folder}\\.${version}\\.`, 'g'), '.');
}

function writeEnums(): Record<string, string[]> {
  const names = [...stringTypes].filter((n) => factOf(n)?.markers?.enum && enumOf(n)).toSorted();
  return Object.fromEntries(names.map((n) => [n, (enumOf(n) ?? []).toSorted()]));
}

function writeUnions(): Record<string, unknown> {
  const names = [...reached.keys()].filter((n) => definitionOf(n)?.['x-kubernetes-unions']).toSorted();
  return Object.fromEntries(names.map((n) => [n, definitionOf(n)?.['x-kubernetes-unions']]));
}

/** One entry a line, so that a change of one type is a change of one line. */
const lines = (entries: Record<string, unknown>): string =>
  `{\n${Object.entries(entries)
    .map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`)
    .join(',\n')}\n}`;

/** `Type/field` → layout, of every text whose breaks the guess gets wrong. */
function writeLayouts(): Record<string, unknown> {
  const entries = Object.entries(swagger.definitions).flatMap(([type, { description, properties = {} }]) => {
    const texts = [
      ['', description] as const,
      ...Object.entries(properties).map(([field, each]) => [field, each.description] as const),
    ];
    return texts.flatMap(([field, text]) => {
      const layout = text && layoutOf(text);
      return layout ? [[`${type}/${field}`, layout] as const] : [];
    });
  });
  return Object.fromEntries([...entries, ...parameterLayouts()]);
}

/** The same of the parameters that all operations share, where a name has one text only. */
function parameterLayouts(): (readonly [string, unknown])[] {
  const all = Object.values(swagger.parameters);
  return all.flatMap(({ name, description }) => {
    const layout = description && layoutOf(description);
    const only = all.every((other) => other.name !== name || other.description === description);
    return layout && only ? [[`parameters/${name}`, layout] as const] : [];
  });
}

function main(): void {
  for (const group of groups)
    for (const { version, resources } of group.versions)
      for (const r of resources) reach(`${folderOf(group.metadata.name)}.${version}.${r.responseKind.kind}`);
  for (const name of [...others, ...otherBodies, ...documents]) if (factOf(name)) reach(name);

  const names = [...reached.keys()].toSorted();
  const schemas = Object.fromEntries(names.map((n) => [n, writeSchema(n)]));
  mkdirSync(join(output, 'types'), { recursive: true });
  rmSync(join(output, 'types'), { recursive: true });
  mkdirSync(join(output, 'types'));
  writeFileSync(
    join(output, 'schemas.json'),
    `{\n"types":${lines(schemas)},\n"enums":${lines(writeEnums())},\n"unions":${lines(writeUnions())}\n}\n`,
  );
  writeFileSync(
    join(output, 'resources.json'),
    `[\n${groups.map((g) => JSON.stringify(discoveryOf(g))).join(',\n')}\n]\n`,
  );
  writeFileSync(join(output, 'layouts.json'), `${lines(writeLayouts())}\n`);
  const homes = new Set([...names, ...stringTypes].map((n) => n.split('.').slice(0, 2).join('.')));
  for (const home of homes) {
    const text = writeTypesFile(home);
    if (text.includes('export ')) writeFileSync(join(output, 'types', `${home.replace('.', '-')}.ts`), text);
  }
  console.log(`${names.length} types in ${homes.size} versions`);
}

main();
