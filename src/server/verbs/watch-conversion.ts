// A watch of objects that somebody outside converts: selectors look at what the served version holds, and steps keep their order.

import type { WatchSource } from '../../api/request.ts';
import { internalError } from '../../api/status.ts';
import type { CacheEvent } from '../cache.ts';
import type { Served } from '../catalog.ts';
import type { Selection } from '../selection.ts';
import type { Stored } from '../stored.ts';
import { storedViews } from './conversion.ts';
import type { WatchStep } from './result.ts';
import { stepOf } from './watch-step.ts';

/** `steps`: what the selection finds by its place. Each comes as soon as its objects are there; one that cannot be shown ends the watch. */
export function stepsInVersion(
  served: Served,
  selection: Selection,
  steps: WatchSource<WatchStep>,
): WatchSource<WatchStep> {
  return {
    subscribe(sink, end) {
      let over = false;
      let before = Promise.resolve();
      const show = async (batch: readonly WatchStep[]) => {
        if (over) return;
        const shown = await stepsShown(served, selection, batch).catch((error: unknown) => [failed(error)]);
        if (over || shown.length === 0) return;
        sink(shown);
        if (shown.some(({ type }) => type === 'ERROR')) finish();
      };
      const stop = steps.subscribe(
        (batch) => (before = before.then(() => show(batch))),
        () => (before = before.then(() => finish())),
      );
      function finish(): void {
        if (over) return;
        over = true;
        stop();
        end();
      }
      return () => {
        over = true;
        stop();
      };
    },
  };
}

/** One question for a batch. What an object was before matters to selectors alone. */
async function stepsShown(
  served: Served,
  selection: Selection,
  steps: readonly WatchStep[],
): Promise<readonly WatchStep[]> {
  const held = steps.flatMap((step) => {
    if (!('stored' in step)) return [];
    const previous = selection.byContent && !step.event?.deleted ? step.event?.previous : undefined;
    return previous ? [step.stored, previous] : [step.stored];
  });
  const views = await storedViews(served, held);
  const viewed = new Map(held.map((stored, i) => [stored, views[i] as Stored]));
  return steps.flatMap((step) => ('stored' in step ? stepShown(step, selection, viewed) : [step]));
}

function stepShown(
  step: Extract<WatchStep, { readonly stored: Stored }>,
  selection: Selection,
  viewed: ReadonlyMap<Stored, Stored>,
): readonly WatchStep[] {
  const stored = viewed.get(step.stored) as Stored;
  if (!step.event) return selection.matches(stored.object) ? [{ ...step, stored }] : [];
  return stepOf({ ...step.event, stored, previous: previousIn(step.event, stored, viewed) }, selection);
}

/** What is deleted was before what it is told to be. */
const previousIn = (event: CacheEvent, stored: Stored, viewed: ReadonlyMap<Stored, Stored>): Stored | undefined =>
  event.deleted ? stored : event.previous && (viewed.get(event.previous) ?? event.previous);

const failed = (error: unknown): WatchStep => ({
  type: 'ERROR',
  status: internalError(error instanceof Error ? error.message : String(error)).status,
});
