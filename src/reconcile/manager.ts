// Runs controllers: watches what they look at, queues the objects to look at, reconciles, writes status, retries, and notices livelocks.

import type { Clock, Duration, Instant } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import type { Mirror } from '../api/mirror.ts';
import type { KubeObject, Reference } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import type { Informers } from '../client/informers.ts';
import type { Context, Controller, Lister } from './controller.ts';
import type { EventRecorder } from './events.ts';
import { createQueue } from '../base/queue.ts';

/** Backoff of a failing key: doubles from the first to the last of these, in milliseconds. */
const firstBackoff: Duration = 5;
const longestBackoff: Duration = 1_000_000;
/** A key handed out this often at one and the same instant is a livelock; it then rests for a while. */
const livelockAfter = 1000;
const livelockRest: Duration = 1000;

export interface ManagerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventRecorder;
  /** Called for what is a bug and no refusal; by default it is logged and the key retried. */
  onBug?(controller: string, key: string, error: unknown): void;
}

export interface RunningControllers {
  /** Keys that wait or are under way, by controller. */
  backlog(): Readonly<Record<string, number>>;
  stop(): void;
}

/** Resolves once every controller has seen all there is. */
export async function startControllers(
  controllers: readonly Controller[],
  options: ManagerOptions,
): Promise<RunningControllers> {
  const running = await Promise.all(controllers.map((controller) => run(controller, options)));
  return {
    backlog: () => Object.fromEntries(running.map(({ name, size }) => [name, size()])),
    stop: () => running.forEach(({ stop }) => stop()),
  };
}

const keyOf = ({ namespace, name }: Reference): string => `${namespace}/${name}`;

const referenceOf = (key: string): Reference => {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

async function run(controller: Controller, options: ManagerOptions) {
  const { clock, informers, log } = options;
  const own = await informers.of(controller.for);
  const owned = await Promise.all((controller.owns ?? []).map((kind) => informers.of(kind)));
  const watched = await Promise.all((controller.watches ?? []).map(({ kind }) => informers.of(kind)));
  for (const { kind, name, keys } of controller.indexes ?? []) {
    const mirror = await informers.of(kind);
    if (!mirror.hasIndex(name)) mirror.index(name, keys);
  }
  const queue = createQueue(clock, () => work());
  /** When objects that rest were last looked at. */
  const looked = new Map<string, Instant>();
  const context = contextOf(controller, options, queue.add);
  const failures = new Map<string, number>();
  const rounds = new Map<string, { instant: number; count: number }>();
  let free = controller.workers ?? 5;

  const stops = [
    own.subscribe((changes) => {
      for (const { object, previous } of changes) {
        if (object && previous && isSameSpec(object, previous)) wakeRested(keyOf(referenceTo(object)));
        else wake(object ?? previous);
      }
    }),
    ...owned.map((mirror) =>
      mirror.subscribe((changes) => changes.forEach(({ object, previous }) => [object, previous].forEach(wakeOwner))),
    ),
    ...watched.map((mirror, at) => {
      const { map } = (controller.watches ?? [])[at] as NonNullable<Controller['watches']>[number];
      return mirror.subscribe((changes) => {
        for (const { object, previous } of changes) {
          const state = object ?? previous;
          if (state) for (const target of map(state, object ? previous : undefined, context)) wakeRested(keyOf(target));
        }
      });
    }),
  ];
  for (const object of own.list()) wake(object);

  function wake(object: KubeObject | undefined): void {
    if (object) queue.add(keyOf(referenceTo(object)));
  }

  function wakeOwner(object: KubeObject | undefined): void {
    const owner = object?.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!object || !owner || owner.kind !== controller.for.kind || !sameGroup(owner.apiVersion, controller.for)) return;
    wakeRested(
      keyOf({
        name: owner.name,
        namespace: controller.for.scope === 'Namespaced' ? (object.metadata.namespace ?? '') : '',
      }),
    );
  }

  function wakeRested(key: string): void {
    const last = looked.get(key);
    const { namespace, name } = referenceOf(key);
    const object = last === undefined ? undefined : own.get(name, namespace);
    const rest = object && last !== undefined ? last + (controller.rest?.(object) ?? 0) - clock.now() : 0;
    queue.add(key, rest);
  }

  /** Takes keys while workers are free. Reconciles begin in a later microtask, so that a subscriber never writes synchronously. */
  function work(): void {
    while (free > 0) {
      const key = queue.take();
      if (key === undefined) return;
      free--;
      void Promise.resolve().then(() => handle(key));
    }
  }

  async function handle(key: string): Promise<void> {
    const after = isLivelock(key) ? livelockRest : await attempt(key);
    free++;
    queue.done(key);
    if (after !== undefined) queue.add(key, after);
    work();
  }

  function isLivelock(key: string): boolean {
    const instant = clock.now();
    const round = rounds.get(key);
    if (round?.instant !== instant) {
      rounds.set(key, { instant, count: 1 });
      if (rounds.size > 10_000) rounds.clear();
      return false;
    }
    if (++round.count < livelockAfter) return false;
    log.error('livelock: the same key again and again in one instant', {
      controller: controller.name,
      key,
      times: round.count,
    });
    round.count = 0;
    return true;
  }

  function noteLook(key: string): void {
    if (!controller.rest) return;
    const { namespace, name } = referenceOf(key);
    if (own.get(name, namespace)) looked.set(key, clock.now());
    else looked.delete(key);
  }

  /** The delay after which the key is to be looked at again. */
  async function attempt(key: string): Promise<Duration | undefined> {
    try {
      const after = await reconcileKey(controller, own, context, referenceOf(key));
      failures.delete(key);
      noteLook(key);
      return after;
    } catch (error) {
      const times = failures.get(key) ?? 0;
      failures.set(key, times + 1);
      if (error instanceof ApiError)
        log.debug('a reconcile is tried again', { controller: controller.name, key, error: error.message });
      else bug(key, error);
      return Math.min(longestBackoff, firstBackoff * 2 ** times);
    }
  }

  function bug(key: string, error: unknown): void {
    if (options.onBug) options.onBug(controller.name, key, error);
    else
      log.error('a controller failed by a bug', {
        controller: controller.name,
        key,
        error: error instanceof Error ? error.stack : String(error),
      });
  }

  return {
    name: controller.name,
    size: queue.size,
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}

/** Only metadata or status differs, and it is not being deleted since. */
const isSameSpec = ({ metadata: next }: KubeObject, { metadata: before }: KubeObject): boolean =>
  next.generation !== undefined &&
  next.generation === before.generation &&
  next.deletionTimestamp === before.deletionTimestamp;

const sameGroup = (apiVersion: string, kind: Kind): boolean => {
  const slash = apiVersion.indexOf('/');
  return (slash < 0 ? '' : apiVersion.slice(0, slash)) === kind.group;
};

async function reconcileKey(
  controller: Controller,
  mirror: Mirror<KubeObject>,
  context: Context,
  key: Reference,
): Promise<Duration | undefined> {
  const object = mirror.get(key.name, key.namespace);
  if (!object) {
    await controller.gone?.(key, context);
    return undefined;
  }
  if (controller.cleanup && !(await finalized(controller, object, context))) return undefined;
  const result = await controller.reconcile(object, context);
  if (result && 'status' in result && !deepEqual(result.status, object.status)) {
    await context.client.updateStatus(controller.for, { ...object, status: result.status });
  }
  return result ? result.after : undefined;
}

const finalizerOf = (controller: Controller): string => `portolan.dev/${controller.name}`;

/** Keeps the controller's finalizer on a living object, and runs the cleanup of a dying one. False: there is nothing to reconcile. */
async function finalized(controller: Controller, object: KubeObject, context: Context): Promise<boolean> {
  const finalizer = finalizerOf(controller);
  const present = object.metadata.finalizers ?? [];
  const set = (finalizers: readonly string[]) =>
    context.patch(controller.for, object, {
      metadata: { finalizers, resourceVersion: object.metadata.resourceVersion },
    });
  if (object.metadata.deletionTimestamp === undefined) {
    if (present.includes(finalizer)) return true;
    await set([...present, finalizer]);
    return false;
  }
  if (!present.includes(finalizer)) return false;
  await controller.cleanup?.(object, context);
  await set(present.filter((each) => each !== finalizer));
  return false;
}

function contextOf(
  controller: Controller,
  options: ManagerOptions,
  add: (key: string, after?: Duration) => void,
): Context {
  const { clock, random, log, informers, events } = options;
  const client = options.client.as(controller.agent ?? 'kube-controller-manager');
  const source = { component: controller.source ?? controller.name };
  return {
    clock,
    random,
    log: log.with({ controller: controller.name }),
    client,
    lister<T extends KubeObject>(kind: Kind<T>): Lister<T> {
      const mirror = informers.peek(kind);
      if (!mirror) throw new Error(`${controller.name} reads ${kind.plural}, which it neither owns nor watches`);
      return mirror;
    },
    create: (kind, object, owner) => client.create(kind, owner ? owning(object, owner) : object),
    update: (kind, object) => client.update(kind, object),
    patch: (kind, target, patch, patchOptions) => client.patch(kind, targetOf(target), patch, patchOptions),
    delete: (kind, target, deleteOptions) => client.delete(kind, targetOf(target), deleteOptions),
    event: (about, text) => events.record(typedBy(about, controller.for), text, source),
    enqueue: (target, after) => add(keyOf(target), after),
  };
}

const targetOf = (target: KubeObject | Reference): Reference => ('metadata' in target ? referenceTo(target) : target);

/** Objects of lists may lack apiVersion and kind; events need them. */
const typedBy = (object: KubeObject, kind: Kind): KubeObject =>
  object.kind ? object : { ...object, kind: kind.kind, apiVersion: apiVersionOf(kind) };

function owning<T extends KubeObject>(object: T, owner: KubeObject): T {
  const reference = {
    apiVersion: owner.apiVersion ?? '',
    kind: owner.kind ?? '',
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
  return {
    ...object,
    metadata: { ...object.metadata, ownerReferences: [...(object.metadata.ownerReferences ?? []), reference] },
  };
}
