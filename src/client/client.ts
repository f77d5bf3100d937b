// The typed client: what controllers, the scheduler, nodes and tests use to read and write, over any Transport.

import type { Kind } from '../api/kind.ts';
import type { KubeObject, ListMeta, Reference } from '../api/object.ts';
import type { WatchEvent, WatchSource } from '../api/request.ts';

export interface ListOptions {
  /** Left out: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface WatchOptions extends ListOptions {
  readonly allowBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly signal?: AbortSignal;
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface PatchOptions {
  readonly type?: 'merge' | 'strategic' | 'json' | 'apply';
  readonly subresource?: string;
  /** Who applies; for apply only. */
  readonly fieldManager?: string;
  readonly force?: boolean;
}

export interface ReadOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** What is asked for, as client-go names it in what it says of refusals without a Status: `pods.metrics.k8s.io`. */
  readonly asked?: string;
}

export interface List<T> {
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

/** All objects given out are frozen and shared: copy before changing. Every method rejects with ApiError when the server refuses. */
export interface Client {
  get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T>;
  /** As `get`, with undefined for 404. */
  find<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T | undefined>;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<List<T>>;
  watch<T extends KubeObject>(kind: Kind<T>, options?: WatchOptions): Promise<WatchSource<WatchEvent<T>>>;
  /** The namespace is the object's own. */
  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  /** Refused with Conflict when object.metadata.resourceVersion is set and not the newest. */
  update<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  updateStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  patch<T extends KubeObject>(kind: Kind<T>, target: Reference, patch: object, options?: PatchOptions): Promise<T>;
  /** Resolves also when it was gone already (404). */
  delete<T extends KubeObject>(kind: Kind<T>, target: Reference, options?: DeleteOptions): Promise<void>;
  /** Asks all of a namespace to go. */
  deleteCollection<T extends KubeObject>(kind: Kind<T>, namespace: string, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource of an object (`binding`, `eviction`, `token`), or PUT with `method`. */
  sub<T extends KubeObject>(
    kind: Kind<T>,
    target: Reference,
    subresource: string,
    body: object,
    method?: 'POST' | 'PUT',
  ): Promise<KubeObject>;
  /** What is at a path that no kind of ours describes: discovery, a subresource, an API that another server answers. JSON, decoded. */
  read(path: string, options?: ReadOptions): Promise<object>;
  /** This client, signing its writes with another name (the User-Agent, which names the manager in managedFields). */
  as(agent: string): Client;
}

/** The name and namespace of an object. */
export const referenceTo = (object: KubeObject): Reference => ({
  name: object.metadata.name ?? '',
  namespace: object.metadata.namespace ?? '',
});
