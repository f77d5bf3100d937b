// Who can say why things are as they are: somebody who sees the whole control plane, which the server does not.

import type { KubeObject } from '../api/object.ts';
import type { Explanation } from '../kinds/why/explanation.ts';

export type Witness = (object: KubeObject, by: DeletedBy) => void;

export interface DeletedBy {
  readonly user: string;
  /** The client's program. */
  readonly agent: string;
  /** Through the eviction API. */
  readonly evicted: boolean;
}

export interface Explains {
  /** `resource` is a plural name: `pods`. Undefined where no such object is, or ever was as far as is known. */
  one(resource: string, namespace: string, name: string): Promise<Explanation | undefined>;
  /** All of a namespace, or with an empty one, of all. Remedies are not looked for. */
  all(resource: string, namespace: string): Promise<readonly Explanation[]>;
}
