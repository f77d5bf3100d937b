// The paths of x-kubernetes-validations: `.spec.a`, `.m['a.b']`, `.labels['x'].y`.

import { type JsonSchema, additionalOf, propertyOf } from './structural.ts';

const step = /\.(?<name>[^.[\]']+|'(?:[^'\\]|\\.)*')|\['(?<quoted>(?:[^'\\]|\\.)*)'\]/y;

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

/** The path as messages write it (`spec.a`, `m.a.b`, `labels[x].y`); undefined for one that leads nowhere in the schema. */
export function rulePath(path: string, schema: JsonSchema): string | undefined {
  let at: JsonSchema | undefined = schema;
  let written = '';
  for (step.lastIndex = 0; step.lastIndex < path.length; ) {
    const groups = step.exec(path)?.groups;
    const name = groups && (groups.name ?? unquoted(groups.quoted ?? ''));
    if (name === undefined || !at) return undefined;
    if (at.properties) {
      at = propertyOf(at, name);
      written += written ? `.${name}` : name;
    } else {
      at = additionalOf(at);
      written += `[${name}]`;
    }
    if (!at) return undefined;
  }
  return written;
}

/** Undefined for an escape that means nothing. */
function unquoted(text: string): string | undefined {
  const unknown = /\\(?![abfnrtv'\\])/.exec(text.replaceAll('\\\\', ''));
  return unknown ? undefined : text.replace(/\\(.)/gs, (_, sign: string) => escapes[sign] ?? sign);
}
