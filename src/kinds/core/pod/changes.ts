// Changes that reach a pod through a narrow door: all is as before but the one thing that door is for.

import type { Pod, PodSpec } from '../../generated/types/core-v1.ts';

/** Leaves nothing of the draft but the given parts of its spec, and who owns what. */
export function onlyWith(draft: Pod, previous: Pod, parts: Partial<PodSpec>): void {
  const { managedFields, resourceVersion } = draft.metadata;
  draft.metadata = {
    ...previous.metadata,
    ...(managedFields && { managedFields }),
    ...(resourceVersion && { resourceVersion }),
  };
  draft.spec = { ...previous.spec, ...parts };
}
