// JSON merge patches (RFC 7386): objects are merged, null takes away, everything else replaces. As in Kubernetes, null also takes away the fields of
// objects inside lists, though lists are replaced as a whole.

import { isJsonObject } from '../base/equal.ts';

/** The document after the patch, which is left as it was. Parts that neither touches are shared with it. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.map((item) => (item === null ? null : applyMergePatch(undefined, item)));
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(isJsonObject(document) ? Object.entries(document) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
