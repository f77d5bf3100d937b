// The texts of types and fields in the npm package kubernetes-models, made of the OpenAPI documents of the same release: it has those of fields
// that refer to other types, and what each value of an enum means.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A type's own text under the empty name, its fields' under theirs, what their values mean under `NAME values`. */
export type Texts = Record<string, string>;

/** Finds the texts of `core.v1.Pod`, where the package has the type. */
export type ModelTexts = (name: string) => Texts | undefined;

export function modelTexts(modules: string): ModelTexts {
  const models = join(modules, 'kubernetes-models');
  const meta = join(modules, '@kubernetes-models/apimachinery/apis/meta');
  const folders = new Map([
    ['core', models],
    ['meta', meta],
    ['rbac', join(models, 'rbac.authorization.k8s.io')],
  ]);
  for (const folder of existsSync(models) ? readdirSync(models) : []) {
    const [word = ''] = folder.split('.');
    if (!folders.has(word)) folders.set(word, join(models, folder));
  }
  return (name) => {
    const [folder = '', ...rest] = name.split('.');
    const root = folders.get(folder);
    const file = root && join(root, `${rest.join('/')}.d.ts`);
    return file && existsSync(file) ? declaredTexts(readFileSync(file, 'utf8')) : undefined;
  };
}

/** Of a type that no group has: `runtime/RawExtension`. */
export function machineryTexts(modules: string, path: string): Texts | undefined {
  const file = join(modules, '@kubernetes-models/apimachinery', `${path}.d.ts`);
  return existsSync(file) ? declaredTexts(readFileSync(file, 'utf8')) : undefined;
}

const own = /(\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export (?:interface|type) /;
const property = /^ {4}\/\*\*((?:(?!\*\/)[^])*)\*\/\n {4}"([^"]+)"\??:/gm;
const values = /\n*\n\nPossible enum values:\n[^]*$/;

function declaredTexts(declaration: string): Texts {
  const texts: Texts = {};
  const start = declaration.search(own);
  if (start < 0) return texts;
  const comment = own.exec(declaration)?.[1];
  if (comment) texts[''] = plain(comment.slice(3, comment.lastIndexOf('*/')));
  const body = declaration.slice(start, declaration.indexOf('\n}', start));
  for (const [, words = '', field = ''] of body.matchAll(property)) {
    const text = plain(words);
    const enumerated = values.exec(text)?.[0];
    if (enumerated) texts[`${field} values`] = enumerated;
    texts[field] = text.slice(0, text.length - (enumerated?.length ?? 0));
  }
  return texts;
}

/** The comment's marks and escapes gone. */
const plain = (text: string): string =>
  text
    .replaceAll(/^[ \t]*\* ?/gm, '')
    .replace(/^\n/, '')
    .replace(/\n\s*$/, '')
    .replaceAll(/\\([*@])/g, '$1')
    .replaceAll('*\\/', '*/')
    .replace(/\n@deprecated$/, '');
