// Records what happened as Event objects: equal events are counted up instead of written again, and floods are cut off.

import type { Clock, Duration } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { formatTime } from '../base/time.ts';
import type { KubeObject } from '../api/object.ts';
import type { Client } from '../client/client.ts';
import { Event } from '../kinds/core/event.ts';
import type { EventText } from './controller.ts';

/** client-go's limits: this many events of one source about one object at once, then one more every so often. */
const burst = 25;
const refillEvery: Duration = 300_000;
/** Similar events within this time are counted as one. */
const window: Duration = 600_000;
/** From so many different messages on, those of one source, object and reason are told as one. */
const mostMessages = 10;
/** How many of the last events are remembered for counting, and how many wait to be written at most. */
const remembered = 4096;
const mostWaiting = 10_000;

export interface EventSource {
  /** `deployment-controller`, `kubelet` … */
  readonly component: string;
  readonly host?: string;
}

export interface EventRecorder {
  record(about: KubeObject, text: EventText, source: EventSource): void;
}

/** The messages of one source about one object for one reason. */
interface Similar {
  readonly messages: Set<string>;
  last: number;
}

interface Known {
  readonly name: string;
  readonly namespace: string;
  count: number;
  last: number;
}

export function createEventRecorder(options: {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
}): EventRecorder {
  const { client, clock, log } = options;
  const known = new Map<string, Known>();
  const similar = new Map<string, Similar>();
  const budgets = new Map<string, { left: number; at: number }>();
  const waiting: (() => Promise<unknown>)[] = [];
  let writing = false;
  let serial = 0;

  function allowed(key: string): boolean {
    const now = clock.now();
    const budget = budgets.get(key) ?? { left: burst, at: now };
    budget.left = Math.min(burst, budget.left + (now - budget.at) / refillEvery);
    budget.at = now;
    budgets.set(key, budget);
    bound(budgets);
    if (budget.left < 1) return false;
    budget.left--;
    return true;
  }

  /** Whether so many different messages came before it that this one is told together with them. */
  function isOneOfMany(kin: string, message: string): boolean {
    const now = clock.now();
    const before = similar.get(kin);
    const group = before && now - before.last <= window ? before : { messages: new Set<string>(), last: now };
    group.last = now;
    if (group.messages.size < mostMessages) group.messages.add(message);
    similar.set(kin, group);
    bound(similar);
    return group.messages.size >= mostMessages;
  }

  function write(act: () => Promise<unknown>): void {
    if (waiting.length >= mostWaiting) return;
    waiting.push(act);
    if (!writing) void drain();
  }

  async function drain(): Promise<void> {
    writing = true;
    for (let act = waiting.shift(); act; act = waiting.shift()) {
      await act().catch((error: unknown) => log.debug('an event was not written', { error: String(error) }));
    }
    writing = false;
  }

  return {
    record(about, { type = 'Normal', reason, message, fieldPath = '', annotations }, source) {
      const { name = '', namespace = '', uid = '' } = about.metadata;
      const now = clock.now();
      const whose = [source.component, source.host, namespace, name, uid].join('\u0000');
      const kin = [whose, type, reason].join('\u0000');
      const many = isOneOfMany(kin, message);
      const key = many ? kin : [kin, message, fieldPath].join('\u0000');
      if (!allowed(whose)) return;
      const told = many ? `(combined from similar events): ${message}` : message;
      const before = known.get(key);
      if (before && now - before.last < window) {
        before.count++;
        before.last = now;
        const { count } = before;
        write(() =>
          client.patch(Event, before, { count, lastTimestamp: formatTime(now), ...(many && { message: told }) }),
        );
        return;
      }
      const event = eventObject(
        about,
        { type, reason, message: told, fieldPath, ...(annotations && { annotations }) },
        source,
        now,
        `${name}.${(BigInt(Math.floor(now)) * 1_000_000n + BigInt(serial++)).toString(16)}`,
      );
      known.set(key, {
        name: event.metadata.name ?? '',
        namespace: event.metadata.namespace ?? '',
        count: 1,
        last: now,
      });
      bound(known);
      write(() => client.create(Event, event));
    },
  };
}

/** Forgets the oldest beyond the limit. */
function bound(map: Map<string, unknown>): void {
  if (map.size <= remembered) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

function eventObject(
  about: KubeObject,
  text: Required<Omit<EventText, 'annotations'>> & Pick<EventText, 'annotations'>,
  source: EventSource,
  now: number,
  name: string,
): Event {
  const { metadata } = about;
  const at = formatTime(now);
  return {
    metadata: {
      name,
      namespace: metadata.namespace || 'default',
      ...(text.annotations && { annotations: { ...text.annotations } }),
    },
    involvedObject: {
      kind: about.kind ?? '',
      apiVersion: about.apiVersion ?? '',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      ...(metadata.namespace && { namespace: metadata.namespace }),
      ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
      ...(text.fieldPath && { fieldPath: text.fieldPath }),
    },
    reason: text.reason,
    message: text.message,
    type: text.type,
    source: { component: source.component, ...(source.host && { host: source.host }) },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    reportingComponent: source.component,
    reportingInstance: source.host ?? '',
  } as Event;
}
