// Writes src/kinds/generated/descriptions.json, the texts of OpenAPI and `kubectl explain`, from the doc comments of the npm packages
// kubernetes-models (most types), @kubernetes/client-node (the rest, and parameters) and kubernetes-types (what neither has).
// Runs with `npm ci` and before the tests; does nothing when the file is there, or when the packages are not (a published Portolan ships the file).

import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineryTexts, modelTexts, type Texts } from './model-texts.ts';
import { type Layout, restored } from './text-layout.ts';

const root = join(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const source = join(modules, '@kubernetes/client-node');
const models = join(source, 'dist/gen/models');
const target = join(root, 'src/kinds/generated/descriptions.json');

/** Changed whenever this program makes something else of the same source. */
const edition = 8;

const sources = ['@kubernetes/client-node', 'kubernetes-models', 'kubernetes-types'];

function withVersion(name: string): string {
  const file = join(modules, name, 'package.json');
  const { version } = JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : '{}') as { version?: string };
  return `${name} ${version ?? 'absent'}`;
}

const openApiPackages: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
};

function main(): void {
  if (!existsSync(models)) return;
  const head = `{"":{"":"${sources.map(withVersion).join(', ')}, ${edition}"}`;
  if (headOf(target, head.length) === head) return;
  const { types } = JSON.parse(readFileSync(join(root, 'src/kinds/generated/schemas.json'), 'utf8')) as {
    types: Texts;
  };
  const classes = new Set(
    readdirSync(models)
      .filter((f) => f.endsWith('.d.ts'))
      .map((f) => f.slice(0, -5)),
  );
  const lists = Object.keys(types).map((name) => [`${name}List`, ';apiVersion;kind;metadata;items'] as const);
  const lines = [...Object.entries(types), ...lists].flatMap(([name, fields]) => {
    const texts = textsOfType(name, fields, classes);
    return Object.keys(texts).length > 0 ? [`${JSON.stringify(openApiName(name))}:${JSON.stringify(texts)}`] : [];
  });
  for (const [name, texts] of otherTexts()) lines.push(`${JSON.stringify(name)}:${JSON.stringify(texts)}`);
  writeFileSync(target, `${[head, ...lines].join(',\n')}}\n`);
}

const layouts = JSON.parse(readFileSync(join(root, 'src/kinds/generated/layouts.json'), 'utf8')) as Record<
  string,
  Layout
>;

/** The lines of every text broken as published. */
const laidOut = (type: string, texts: Texts): Texts =>
  Object.fromEntries(
    Object.entries(texts).map(([field, text]) => [field, restored(text, layouts[`${type}/${field}`])]),
  );

function headOf(path: string, length: number): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(file, bytes);
  closeSync(file);
  return bytes.toString();
}

function openApiName(name: string): string {
  const folder = name.slice(0, name.indexOf('.'));
  return `${openApiPackages[folder] ?? `io.k8s.api.${folder}`}${name.slice(folder.length)}`;
}

const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/** Names that several groups have carry their group: CoreV1Event. */
function classOf(name: string, classes: ReadonlySet<string>): string | undefined {
  const [folder = '', version = '', type = ''] = name.split('.');
  return [`${capital(folder)}${capital(version)}${type}`, `${capital(version)}${type}`].find((c) => classes.has(c));
}

const fieldNames = (fields: string): string[] =>
  fields
    .split(';')
    .slice(1)
    .map((field) => field.split(' ')[0] ?? '');

const modelled = modelTexts(modules);

function textsOfType(name: string, fields: string, classes: ReadonlySet<string>): Texts {
  const model = classOf(name, classes);
  const own = model ? textsOf(readFileSync(join(models, `${model}.d.ts`), 'utf8'), fieldNames(fields)) : {};
  const texts = laidOut(openApiName(name), own);
  const better = modelled(name);
  return better
    ? { ...only(texts, untold), ...better }
    : { ...referredTexts(name, fields), ...modelled(inV1(name)), ...texts };
}

/** Of the fields every object has, the better package leaves the texts out. */
const untold = ['', 'apiVersion', 'kind'];

const only = (texts: Texts, fields: readonly string[]): Texts =>
  Object.fromEntries(fields.flatMap((field) => (texts[field] ? [[field, texts[field]] as const] : [])));

/** The same type where it is stable: `resource.v1beta2.Device` is `resource.v1.Device` there. */
const inV1 = (name: string): string => name.replace(/\.v\d\w+\./, '.v1.');

/** The texts of the types that fields refer to, for a type of which nobody tells its fields'. */
function referredTexts(name: string, fields: string): Texts {
  const texts: Texts = {};
  for (const [, field = '', type = ''] of fields.matchAll(/;(\S+) [*?!]*(?:\[[^\]]*\])?((?:\w+\.v\w+)?\.[A-Z]\w*)/g)) {
    const text = modelled(type.startsWith('.') ? name.replace(/\.\w+$/, type) : type)?.[''];
    if (text) texts[field] = text;
  }
  return texts;
}

const comment = /\/\*\*\n((?:\s*\*.*\n)+?)\s*\*\/\n\s*(?:export declare class|'(.*?)'\??:)/g;

function textsOf(declaration: string, fields: readonly string[]): Texts {
  const found = new Map([...declaration.matchAll(comment)].map(([, text = '', name = '']) => [name, plain(text)]));
  const entries = ['', ...fields].flatMap((field) => {
    // Some names cannot be a property's, and are written another way.
    const written = [field, `_${field}`, field.replaceAll('-', '_'), field.replace('$', '')].find((name) =>
      found.has(name),
    );
    const text = written === undefined ? undefined : found.get(written);
    return text && !placeholders.test(text) ? [[field, text] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Where a field refers to a simple type, the package has that type's text instead of the field's. */
const placeholders =
  /^(MicroTime is version of Time|IntOrString is a type that can hold|JSONSchemaPropsOr\w+ represents|JSON represents any valid JSON)/;

/** Texts of parameters, and of the types without fields. */
function otherTexts(): [string, Texts][] {
  const api = readFileSync(join(models, '../apis/CoreV1Api.d.ts'), 'utf8');
  const simple = new Map<string, Texts>();
  const put = (type: string, texts: Texts | undefined) => texts && simple.set(type, texts);
  for (const path of machinery)
    put(`io.k8s.apimachinery.pkg.${path.replaceAll('/', '.')}`, machineryTexts(modules, path));
  for (const type of alternatives) put(openApiName(type), modelled(type));
  const quantity = quantityText();
  put('io.k8s.apimachinery.pkg.api.resource.Quantity', quantity === undefined ? undefined : { '': quantity });
  return [['parameters', laidOut('parameters', parameterTexts(api))], ...optionTexts(api), ...simple];
}

/** Types that are of no group. */
const machinery = [
  'runtime/RawExtension',
  'apis/meta/v1/Time',
  'apis/meta/v1/MicroTime',
  'apis/meta/v1/FieldsV1',
  'apis/meta/v1/Patch',
  'util/intstr/IntOrString',
  'version/Info',
];

/** Types that are one thing or another. */
const alternatives = ['', 'SchemaPropsOrArray', 'SchemaPropsOrBool', 'SchemaPropsOrStringArray'].map(
  (end) => `apiextensions.v1.JSON${end}`,
);

/** The longest text of all, which only kubernetes-types has. */
function quantityText(): string | undefined {
  const file = join(modules, 'kubernetes-types/api/resource.d.ts');
  const found = existsSync(file)
    ? /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport type Quantity/.exec(readFileSync(file, 'utf8'))
    : undefined;
  return found?.[1] === undefined ? undefined : plain(found[1]);
}

const parameter = /@param (\w+) (.*)/g;

function parameterTexts(api: string): Texts {
  const texts: Texts = {};
  for (const [, name = '', text = ''] of api.matchAll(parameter)) {
    const field = name.replace(/^_/, '');
    texts[field] ??= unescaped(text);
    // Patches say more about the manager's name than other writes do.
    if (field === 'fieldManager' && text.includes('apply-patch')) texts['fieldManager of patches'] ??= unescaped(text);
  }
  for (const [, name = '', text = ''] of api.matchAll(parameter)) {
    if (name === 'fieldManager' && !text.includes('apply-patch')) texts.fieldManager = unescaped(text);
  }
  return texts;
}

/** What a request for a pod's log, exec and so on may say, under the kind of its options. */
function optionTexts(api: string): [string, Texts][] {
  const found = new Map<string, Texts>();
  for (const [, block = ''] of api.matchAll(/\/\*\*([^]*?)\*\//g)) {
    const params = [...block.matchAll(parameter)].map(([, name = '', text = '']) => [
      name.replace(/2$/, ''),
      unescaped(text),
    ]);
    const kind =
      /name of the (\w+Options)/.exec(block)?.[1] ?? (block.includes('tailLines') ? 'PodLogOptions' : undefined);
    if (kind && !block.includes('path to the resource'))
      found.set(`io.k8s.api.core.v1.${kind}`, Object.fromEntries(params) as Texts);
  }
  return [...found];
}

const entities: Record<string, string> = {
  '&#39;': "'",
  '&quot;': '"',
  '&#x60;': '`',
  '&#x3D;': '=',
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

const unescaped = (text: string): string =>
  plain(text.replaceAll(/\\?(&#?\w+;)/g, (whole, entity: string) => entities[entity] ?? whole));

/** The comment's marks and escapes gone. */
const plain = (text: string): string =>
  text
    .replace(/^\s*\* ?/gm, '')
    .trim()
    .replaceAll(/\\(['"`])/g, '$1')
    .replaceAll('/_*', '/*')
    .replaceAll('*_/', '*/');

main();
