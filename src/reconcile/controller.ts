// What a controller is: a name, what it looks at, and a reconcile that gets one object and reads the present.

import type { Clock, Duration } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Selector } from '../base/selectors.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject, Reference } from '../api/object.ts';
import type { Client, DeleteOptions, PatchOptions } from '../client/client.ts';

/** A mirror as controllers read it: synchronous, current (never behind this process's own writes), its objects frozen. */
export interface Lister<T extends KubeObject> {
  get(name: string, namespace?: string): T | undefined;
  /** All, or one namespace's, ordered by namespace and name. */
  list(namespace?: string): readonly T[];
  /** Those whose controlling owner reference has this owner's uid. */
  ownedBy(owner: KubeObject): readonly T[];
  /** One namespace's objects whose labels match. */
  select(namespace: string, selector: Selector): readonly T[];
  /** Those for which the named index function (see `Mirror.index`) gave this key. */
  indexed(index: string, key: string): readonly T[];
}

export interface EventText {
  /** Default Normal. */
  readonly type?: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** The part of the object it is about: `spec.containers{web}`. */
  readonly fieldPath?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a reconcile may use. A record of functions, safe to destructure. */
export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly client: Client;
  lister<T extends KubeObject>(kind: Kind<T>): Lister<T>;
  /** Creates; an `owner` becomes its controlling owner reference. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, owner?: KubeObject): Promise<T>;
  update<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  patch<T extends KubeObject>(
    kind: Kind<T>,
    target: KubeObject | Reference,
    patch: object,
    options?: PatchOptions,
  ): Promise<T>;
  delete<T extends KubeObject>(kind: Kind<T>, target: KubeObject | Reference, options?: DeleteOptions): Promise<void>;
  /** Records an Event about an object (v1, as client-go's recorder: equal ones are counted up). Never fails, never awaited. */
  event(about: KubeObject, text: EventText): void;
  /** Puts a key of this same controller into its queue, now or later. The earliest due time wins. */
  enqueue(target: Reference, after?: Duration): void;
}

/** Which objects of the controller's own kind to look at when something else changed. */
export interface Watched<O extends KubeObject = KubeObject> {
  readonly kind: Kind<O>;
  /** `previous` is undefined for a new object; `object` is its last state when it was deleted. Pure; reads go through `context.lister`. */
  map(object: O, previous: O | undefined, context: Pick<Context, 'lister'>): readonly Reference[];
}

/** A further way to look objects up, by `Lister.indexed`: the keys an object is found under. The same name means the same function everywhere. */
export interface Indexed<O extends KubeObject = KubeObject> {
  readonly kind: Kind<O>;
  readonly name: string;
  keys(object: O): readonly string[];
}

export interface Result<T extends KubeObject> {
  /** The status the object should have; written through /status when it differs. */
  readonly status?: T['status'];
  /** Look again after this long, also when nothing changes. */
  readonly after?: Duration;
}

export interface Controller<T extends KubeObject = KubeObject> {
  /** Kubernetes' name of the controller, in kebab-case: `deployment-controller`. Signs its writes (see `agent`) and its events. */
  readonly name: string;
  /** The name in managedFields; default `kube-controller-manager`. */
  readonly agent?: string;
  /** Who its events are said to come from; default its name. */
  readonly source?: string;
  readonly for: Kind<T>;
  /** Objects of these kinds wake their controlling owner of kind `for`. */
  readonly owns?: readonly Kind<any>[];
  readonly watches?: readonly Watched[];
  /** Of kinds it is for, owns or watches. */
  readonly indexes?: readonly Indexed[];
  /** Reconciles under way at once. Default 5. One key is never reconciled twice at once. */
  readonly workers?: number;
  /**
   * Brings one object towards what it says. Called after any change of it or of what it watches, and once at start; never for an object that is
   * gone (see `gone`). A thrown ApiError is retried with backoff; anything else is a bug: logged with its key and retried, and in simulation it stops the world.
   */
  reconcile(object: T, context: Context): Promise<Result<T> | void>;
  /**
   * How long to rest after a look before the next one, unless the object's spec changes or `after` says otherwise. For objects that stand for
   * thousands of others, each change of which would otherwise mean looking at all of them. Default 0.
   */
  rest?(object: T): Duration;
  /** Called instead of reconcile for a key whose object does not exist any more. */
  gone?(key: Reference, context: Context): Promise<void>;
  /** Its presence is the finalizer `portolan.dev/<name>`: called once the object is being deleted, before it may go. */
  cleanup?(object: T, context: Context): Promise<void>;
}

/** Keeps the type parameter where the array of controllers forgets it. */
export function defineController<T extends KubeObject>(controller: Controller<T>): Controller {
  return controller as unknown as Controller;
}

/** Keeps the type parameter of one index. */
export const indexing = <O extends KubeObject>(index: Indexed<O>): Indexed => index as unknown as Indexed;

/** Keeps the type parameter of one watched kind. */
export function watching<O extends KubeObject>(
  kind: Kind<O>,
  map: (object: O, previous: O | undefined, context: Pick<Context, 'lister'>) => readonly Reference[],
): Watched {
  return { kind, map } as unknown as Watched;
}
