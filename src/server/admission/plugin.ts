// What an admission plugin is: it sees every write after it was decoded and authorized, may change it, or may refuse it.

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Kind } from '../../api/kind.ts';
import type { Mirror } from '../../api/mirror.ts';
import type { KubeObject } from '../../api/object.ts';
import type { UserInfo } from '../../api/request.ts';
import type { Client } from '../../client/client.ts';
import type { Access } from '../access.ts';
import type { Catalog } from '../catalog.ts';
import type { Draft } from '../draft.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { Remote } from '../outgoing/remote.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One write, as admission sees it. Objects are of the hub version. */
export interface Attributes {
  readonly operation: Operation;
  readonly kind: Kind;
  /** The version the client spoke. */
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** The object to be: undefined for DELETE. For subresources with bodies of another kind, that body. */
  readonly object: Draft | undefined;
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The request's CreateOptions, UpdateOptions or DeleteOptions. */
  readonly options?: object;
  /** What plugins that change objects know of each other. */
  readonly reinvocation: Reinvocation;
  /** Adds a Warning header. */
  warn(text: string): void;
  /** Adds to the audit trail. */
  annotate(key: string, value: string): void;
}

/** A request goes through the mutating plugins once more when one of them changed it that others may want to look at again. */
export interface Reinvocation {
  /** Whether this is the second round. */
  again: boolean;
  /** Set by whoever wants that round. */
  wanted: boolean;
}

/** What a plugin may look at. */
export interface AdmissionWorld {
  readonly log: Log;
  /** Others that can be asked. */
  readonly remote: Remote;
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly random: Random;
  /** All objects of a kind as they are now. */
  mirror<T extends KubeObject>(kind: Kind<T>): Promise<Mirror<T>>;
  /** The same without waiting, once somebody has asked for them. */
  peek<T extends KubeObject>(kind: Kind<T>): Mirror<T> | undefined;
  /** What is served, custom kinds included. */
  readonly catalog: Catalog;
  /** What somebody may do besides. */
  readonly access: Access;
  enabled(featureGate: string): boolean;
  /** The server itself as its own client, for what a plugin keeps in other objects (the use of quotas). */
  readonly client: Client;
}

export interface AdmissionPlugin {
  /** Kubernetes' name, as `--enable-admission-plugins` takes it. */
  readonly name: string;
  /** Whether the plugin has anything to do with such a write. */
  handles(attributes: Attributes): boolean;
  /** May change `attributes.object`; refuses by throwing an ApiError. */
  mutate?(attributes: Attributes, world: AdmissionWorld): void | Promise<void>;
  /** Sees the object as it will be stored; refuses by throwing an ApiError. */
  validate?(attributes: Attributes, world: AdmissionWorld): void | Promise<void>;
}
