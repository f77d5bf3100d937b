// Writes to /status that leave more of the object alone than its specification.

import type { KubeObject, ObjectMeta } from '../api/object.ts';

export const keepLabels = (draft: KubeObject, previous: KubeObject): void => keep(draft, previous, ['labels']);

/** Everything in metadata that a client may set stays as it was. */
export const keepMetadata = (draft: KubeObject, previous: KubeObject): void =>
  keep(draft, previous, ['labels', 'annotations', 'finalizers', 'ownerReferences']);

/** For kinds whose status is written without regard to metadata: what such a write never owns. */
export const statusOnlyFields: Readonly<Record<string, readonly string[]>> = {
  '': ['status'],
  status: ['spec', 'metadata'],
};

function keep(draft: KubeObject, previous: KubeObject, fields: readonly (keyof ObjectMeta)[]): void {
  const metadata: Partial<Record<keyof ObjectMeta, unknown>> = draft.metadata;
  for (const field of fields) {
    const before = previous.metadata[field];
    if (before === undefined) delete metadata[field];
    else metadata[field] = structuredClone(before);
  }
}
