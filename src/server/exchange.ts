// One request on its way through the pipeline: what the stages before have found out about it.

import type { Verb } from '../api/kind.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../api/request.ts';
import type { Served } from './catalog.ts';

/** The verb as authorization names it; none for methods nobody knows. */
export type RequestVerb = Verb | 'proxy' | 'connect' | '';

/** A request for objects. */
export interface ResourceTarget {
  readonly type: 'resource';
  readonly served: Served;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Empty: all namespaces, or a cluster-scoped kind. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource (proxy paths). */
  readonly rest: string;
  readonly verb: RequestVerb;
}

/** A request for anything else: discovery, health, version. Also paths of groups and resources nobody serves. */
export interface PathTarget {
  readonly type: 'path';
  readonly path: string;
  /** Lower-case HTTP method, as authorization names it. */
  readonly verb: string;
  /** What authorization is asked about when the path has the form of a resource's although nobody serves it. */
  readonly unserved?: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly namespace: string;
    readonly name: string;
    readonly subresource: string;
    readonly verb: RequestVerb;
  };
}

export type Target = ResourceTarget | PathTarget;

/** Grows stage by stage; later stages may rely on what earlier ones set. */
export interface Exchange {
  readonly request: ApiRequest;
  target: Target;
  user: UserInfo;
  /** Texts for `Warning: 299 - "…"` headers, in order, each once. */
  readonly warnings: Set<string>;
  /** For the audit trail: decisions worth keeping. */
  readonly annotations: Map<string, string>;
}

export type Handler = (exchange: Exchange) => Promise<ApiResponse>;
export type Stage = (next: Handler) => Handler;
