// An informer keeps a Mirror current over a client: it watches with initial events, and begins again when a watch ends.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Kind } from '../api/kind.ts';
import { Mirror } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import type { WatchEvent } from '../api/request.ts';
import { ApiError, type Status } from '../api/status.ts';
import type { Client } from './client.ts';

/** How long a broken watch waits before it begins again, in milliseconds: ever longer while it cannot. */
const firstPause = 1000;
const longestPause = 30_000;

export interface InformerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Called when the kind is served no more: the mirror is empty, and stays so. */
  gone?(): void;
}

/**
 * Resolves with the mirror once it shows what was there at the start. It stays current until the signal, or empty where nobody serves the kind.
 * Where objects cannot be shown yet, because who converts them fails, it is empty until they can: nobody's start waits for that.
 */
export async function startInformer<T extends KubeObject>(kind: Kind<T>, options: InformerOptions): Promise<Mirror<T>> {
  const mirror = new Mirror<T>();
  if (kind.remote) {
    await again(kind, mirror, options);
    return mirror;
  }
  try {
    await follow(kind, mirror, options);
  } catch (error) {
    if (error instanceof BrokenOff) {
      void rest(kind, error, options).then(() => again(kind, mirror, options));
      return mirror;
    }
    if (!isNotServed(error)) throw error;
    // Versions that are off by default are nothing to wonder at.
    if (kind.versions.length > 0) options.log.warn('a kind is not served: there are none of it', { kind: kind.kind });
  }
  return mirror;
}

/** The server could not go on with a watch, and said so. */
class BrokenOff extends Error {}

const nothing = () => {};

const isNotServed = (error: unknown): boolean => error instanceof ApiError && error.code === 404;

const selection = ({ labelSelector, fieldSelector }: InformerOptions) => ({
  ...(labelSelector !== undefined && { labelSelector }),
  ...(fieldSelector !== undefined && { fieldSelector }),
});

const follow = <T extends KubeObject>(kind: Kind<T>, mirror: Mirror<T>, options: InformerOptions): Promise<void> =>
  kind.remote ? followAfterList(kind, mirror, options) : followFromStart(kind, mirror, options);

/** Not every other API server tells in a watch what there was before. */
async function followAfterList<T extends KubeObject>(
  kind: Kind<T>,
  mirror: Mirror<T>,
  options: InformerOptions,
): Promise<void> {
  const { client, signal, clock } = options;
  const { items, metadata } = await client.list(kind, selection(options));
  const from = { resourceVersion: metadata.resourceVersion ?? '' };
  const source = await client.watch(kind, { allowBookmarks: true, signal, ...from, ...selection(options) });
  mirror.replace([...items]);
  const stop = source.subscribe(
    (events) => mirror.change(changesOf(events)),
    () => void clock.sleep(firstPause, signal).then(() => again(kind, mirror, options), nothing),
  );
  signal.addEventListener('abort', stop, { once: true });
}

async function followFromStart<T extends KubeObject>(
  kind: Kind<T>,
  mirror: Mirror<T>,
  options: InformerOptions,
): Promise<void> {
  const { client, signal } = options;
  const source = await client.watch(kind, {
    allowBookmarks: true,
    sendInitialEvents: true,
    signal,
    ...selection(options),
  });
  await new Promise<void>((resolve, reject) => {
    const initial: T[] = [];
    let begun = false;
    let broken: BrokenOff | undefined;
    const stop = source.subscribe(
      (events) => {
        broken ??= faultIn(events);
        if (broken) return;
        if (begun) return mirror.change(changesOf(events));
        for (const [at, event] of events.entries()) {
          if (event.type === 'BOOKMARK') {
            begun = true;
            mirror.replace(initial);
            mirror.change(changesOf(events.slice(at + 1)));
            resolve();
            return;
          }
          initial.push(event.object);
        }
      },
      () => {
        if (!broken) void again(kind, mirror, options).then(resolve);
        else if (begun) void rest(kind, broken, options).then(() => again(kind, mirror, options));
        else reject(broken);
      },
    );
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function again<T extends KubeObject>(kind: Kind<T>, mirror: Mirror<T>, options: InformerOptions): Promise<void> {
  const { signal } = options;
  for (let pause = firstPause; !signal.aborted; pause = Math.min(2 * pause, longestPause)) {
    try {
      await follow(kind, mirror, options);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (isNotServed(error)) {
        mirror.replace([]);
        options.gone?.();
        return;
      }
      await rest(kind, error, options, pause);
    }
  }
}

async function rest<T extends KubeObject>(
  kind: Kind<T>,
  error: unknown,
  { signal, clock, log }: InformerOptions,
  pause = firstPause,
): Promise<void> {
  log.warn('a watch could not begin again', { kind: kind.kind, error: String(error) });
  await clock.sleep(pause, signal).catch(() => {});
}

function faultIn<T extends KubeObject>(events: readonly WatchEvent<T>[]): BrokenOff | undefined {
  const fault = events.find(({ type }) => type === 'ERROR')?.object as Status | undefined;
  return fault && new BrokenOff(fault.message);
}

function changesOf<T extends KubeObject>(events: readonly WatchEvent<T>[]): { object: T; deleted: boolean }[] {
  return events
    .filter(({ type }) => type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
    .map(({ type, object }) => ({ object, deleted: type === 'DELETED' }));
}
