// Who owns the replicas after a write through a scale: owners of nothing else, without a time.

import type { ManagedFieldsEntry } from '../../api/object.ts';

type Fields = Record<string, unknown>;

/** What was written through a scale bears no time. */
export function timeless(entry: ManagedFieldsEntry): ManagedFieldsEntry {
  if (entry.subresource !== 'scale') return entry;
  const { time: _, ...rest } = entry;
  return rest;
}

/** The entry, and apart from it what it owns of the replicas (`.spec.replicas`), which loses its time even where they stay as they are. */
export function splitAtReplicas(entry: ManagedFieldsEntry, replicas: string): ManagedFieldsEntry[] {
  if (entry.subresource === 'scale') return [timeless(entry)];
  const path = replicas
    .replace(/^\./, '')
    .split('.')
    .map((step) => `f:${step}`);
  const [own, others] = splitFields((entry.fieldsV1 ?? {}) as Fields, path);
  if (!own) return [entry];
  const { time: _, ...undated } = entry;
  const part = { ...undated, fieldsV1: own };
  return others ? [{ ...entry, fieldsV1: others }, part] : [part];
}

type Parts = readonly [own: Fields | undefined, others: Fields | undefined];

/** What is at the path, and what else there is; undefined for nothing. */
function splitFields(fields: Fields, [step = '', ...rest]: readonly string[]): Parts {
  const { [step]: child, ...others } = fields;
  const left = Object.keys(others).length > 0 ? others : undefined;
  if (typeof child !== 'object' || child === null) return [undefined, fields];
  if (rest.length === 0) return [{ [step]: child }, left];
  const [own, inner] = splitFields(child as Fields, rest);
  if (!own) return [undefined, fields];
  return [{ [step]: own }, inner ? { ...others, [step]: inner } : left];
}
