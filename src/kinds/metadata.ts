// What is wrong with an object's metadata: the rules that all kinds share.

import type { Issue } from '../api/issues.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';

export function validateMetadata(_kind: Kind, _object: KubeObject): Issue[] {
  return [];
}

export function validateMetadataUpdate(_kind: Kind, _next: KubeObject, _previous: KubeObject): Issue[] {
  return [];
}
