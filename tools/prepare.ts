// Writes src/kinds/generated/descriptions.json, the texts of `kubectl explain`, from the doc comments of @kubernetes/client-node.
// Runs with `npm ci` and before the tests; does nothing when the file is there, or when the package is not (a published Portolan ships the file).

import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const source = join(root, 'node_modules/@kubernetes/client-node');
const models = join(source, 'dist/gen/models');
const target = join(root, 'src/kinds/generated/descriptions.json');

/** Changed whenever this program makes something else of the same source. */
const edition = 1;

const openApiPackages: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
};

/** A type's own text under the empty name, its fields' under theirs. */
type Texts = Record<string, string>;

function main(): void {
  if (!existsSync(models)) return;
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string };
  const head = `{"":{"":"@kubernetes/client-node ${version}, ${edition}"}`;
  if (headOf(target, head.length) === head) return;
  const { types } = JSON.parse(readFileSync(join(root, 'src/kinds/generated/schemas.json'), 'utf8')) as {
    types: Texts;
  };
  const classes = new Set(
    readdirSync(models)
      .filter((f) => f.endsWith('.d.ts'))
      .map((f) => f.slice(0, -5)),
  );
  const lists = Object.keys(types).map((name) => [`${name}List`, ';metadata;items'] as const);
  const lines = [...Object.entries(types), ...lists].flatMap(([name, fields]) => {
    const model = classOf(name, classes);
    const texts = model && textsOf(readFileSync(join(models, `${model}.d.ts`), 'utf8'), fieldNames(fields));
    return texts && Object.keys(texts).length > 0
      ? [`${JSON.stringify(openApiName(name))}:${JSON.stringify(texts)}`]
      : [];
  });
  writeFileSync(target, `${[head, ...lines].join(',\n')}}\n`);
}

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

/** The comment's marks and escapes gone, paragraphs apart again. */
const plain = (text: string): string =>
  text
    .replace(/^\s*\* ?/gm, '')
    .trim()
    .replaceAll(/\\(['"`])/g, '$1')
    .replaceAll('/_*', '/*')
    .replaceAll('*_/', '*/')
    .replaceAll(/\.  (?=[A-Z])/g, '.\n\n');

main();
