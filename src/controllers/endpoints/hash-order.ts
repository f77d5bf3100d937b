// The order that Kubernetes keeps ports and subsets in: by the hash of what they say.

import { fnv128a } from '../../base/hash.ts';
import { namedSchema } from '../../kinds/schemas.ts';
import { goDump } from '../go-dump.ts';

/** `type` is the published name of what the items are: `io.k8s.api.core.v1.EndpointPort`. */
export function inHashOrder<T extends object>(type: string, items: readonly T[]): T[] {
  if (items.length < 2) return [...items];
  const schema = namedSchema(type);
  return items
    .map((item) => ({ item, hash: fnv128a(goDump(schema, item)) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
    .map(({ item }) => item);
}
