// Doing many writes at once, carefully: few first, so that a refusal that will meet all of them is met only once.

import type { Duration } from '../base/clock.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import type { EventText } from '../reconcile/controller.ts';

/** How many pods one reconcile makes or deletes at most. */
export const burst = 500;

/** So few objects are looked at whenever one of them changes. */
const few = 100;

/** How long to rest between two looks at so many objects: a tenth of a millisecond for each. */
export const restFor = (count = 0): Duration => (count <= few ? 0 : count / 10);

export interface Outcome {
  readonly succeeded: number;
  readonly error: ApiError | undefined;
}

/** Calls `act(0)` to `act(count - 1)` in batches of 1, 2, 4 …, and stops after the first batch with a refusal. */
export async function slowStart(count: number, act: (index: number) => Promise<unknown>): Promise<Outcome> {
  let succeeded = 0;
  for (let done = 0, size = 1; done < count; size *= 2) {
    const batch = Math.min(size, count - done);
    const outcome = await allAtOnce(batch, (i) => act(done + i));
    succeeded += outcome.succeeded;
    if (outcome.error) return { succeeded, error: outcome.error };
    done += batch;
  }
  return { succeeded, error: undefined };
}

/** Calls `act(0)` to `act(count - 1)` all at once. Refusals are an outcome, anything else is thrown. */
export async function allAtOnce(count: number, act: (index: number) => Promise<unknown>): Promise<Outcome> {
  let succeeded = 0;
  let error: ApiError | undefined;
  const one = async (index: number): Promise<void> => {
    try {
      await act(index);
      succeeded++;
    } catch (refusal) {
      if (!(refusal instanceof ApiError)) throw refusal;
      error ??= refusal;
    }
  };
  await Promise.all(Array.from({ length: count }, (_, index) => one(index)));
  return { succeeded, error };
}

/** The refusal is that the namespace is going away: no use in trying again, and nothing to tell. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');

/** Carries out a write on a pod and tells about it in the words all workload controllers share. */
export async function told<T extends KubeObject>(
  event: (text: EventText) => void,
  what: { readonly verb: 'create' | 'delete'; readonly name?: string },
  write: () => Promise<T | void>,
): Promise<T | void> {
  const [reason, done, doing] =
    what.verb === 'create' ? ['Create', 'Created', 'creating'] : ['Delete', 'Deleted', 'deleting'];
  try {
    const result = await write();
    event({
      reason: `Successful${reason}`,
      message: `${done} pod: ${what.name ?? (result ? result.metadata.name : '')}`,
    });
    return result;
  } catch (error) {
    if (error instanceof ApiError && !isNamespaceTerminating(error))
      event({ type: 'Warning', reason: `Failed${reason}`, message: `Error ${doing}: ${error.message}` });
    throw error;
  }
}
