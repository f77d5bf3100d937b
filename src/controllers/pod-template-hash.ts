// The suffix of a ReplicaSet's name and its label `pod-template-hash`: one text per template.

import { fnv32a, safeEncode } from '../base/hash.ts';
import { canonicalJson } from '../base/equal.ts';
import type { PodTemplateSpec } from '../kinds/generated/types/core-v1.ts';

/** `collisionCount` counts how often the name was taken by something else; each time gives another hash. */
export function podTemplateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const salt = collisionCount === undefined ? '' : `/${collisionCount}`;
  return safeEncode(fnv32a(canonicalJson(template) + salt));
}
