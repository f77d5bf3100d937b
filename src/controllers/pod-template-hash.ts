// The suffix of a ReplicaSet's name and its label `pod-template-hash`: one text per template, the same as Kubernetes gives.

import { fnv32aOfBytes, safeEncode } from '../base/hash.ts';
import { concat, utf8 } from '../base/bytes.ts';
import { namedSchema } from '../kinds/schemas.ts';
import type { PodTemplateSpec } from '../kinds/generated/types/core-v1.ts';
import { goDump } from './go-dump.ts';

/** `collisionCount` counts how often the name was taken by something else; each time gives another hash. */
export function podTemplateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const text = utf8(goDump(namedSchema('io.k8s.api.core.v1.PodTemplateSpec'), template));
  return safeEncode(fnv32aOfBytes(collisionCount === undefined ? text : concat(text, countBytes(collisionCount))));
}

/** Eight bytes, of which the first four hold the number, the lowest byte first. */
function countBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, count, true);
  return bytes;
}
