// The published texts about types and fields: what `kubectl explain` and the headings of tables say. They are loaded by whoever may read files.

import { describeWhy } from './why/types.ts';

/** The text of a field of a type (`io.k8s.api.core.v1.PodSpec`, `nodeName`), or with an empty field, of the type. Empty if there is none. */
export type Describe = (type: string, field: string) => string;

/** For a server that was given no texts. */
export const undescribed: Describe = () => '';

/**
 * Reads the generated table: one line for each type, of which only those that are asked for are taken apart, since most never are.
 * `load` is called with the first question.
 */
export function describeFrom(load: () => string): Describe {
  let lines: Map<string, string> | undefined;
  const known = new Map<string, Readonly<Record<string, string>>>();
  return (type, field) => {
    const own = describeWhy(type, field);
    if (own !== undefined) return own;
    lines ??= linesOf(load());
    let texts = known.get(type);
    if (!texts) known.set(type, (texts = JSON.parse(lines.get(type) ?? '{}') as Record<string, string>));
    return texts[field] ?? '';
  };
}

function linesOf(table: string): Map<string, string> {
  const lines = table
    .replace(/^\{/, '')
    .replace(/\}\s*$/, '')
    .split(',\n');
  return new Map(lines.map((line) => [line.slice(1, line.indexOf('":')), line.slice(line.indexOf('":') + 2)]));
}
