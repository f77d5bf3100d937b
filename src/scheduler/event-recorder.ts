// Writes the scheduler's events, in the form of events.k8s.io: repeated ones become a series, as client-go makes them.

import type { Clock, Duration } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { formatMicroTime } from '../base/time.ts';
import type { Reference } from '../api/object.ts';
import type { Client } from '../client/client.ts';
import { GroupEvent } from '../kinds/events/event.ts';
import type { Pod } from '../kinds/core/pod.ts';

export interface SchedulingEvent {
  readonly type?: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly action: string;
}

export type RecordEvent = (about: Pod, event: SchedulingEvent) => void;

/** A series ends when nothing was added to it for so long; a running one is written this often. */
const seriesEndsAfter: Duration = 360_000;
const seriesWrittenEvery: Duration = 1_800_000;
/** So many series are remembered, and no note is longer than this. */
const seriesKept = 4096;
const longestNote = 1024;

interface Series {
  readonly event: Reference;
  count: number;
  last: number;
  written: number;
}

export interface RecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
}

export function createEventRecorder({ client, clock, log }: RecorderOptions): RecordEvent {
  const known = new Map<string, Series>();
  let written: Promise<unknown> = Promise.resolve();
  let serial = 0;

  /** One after the other, so that a series is never patched before it is made. */
  function write(act: () => Promise<unknown>): void {
    written = written.then(act).catch((error) => log.debug('an event was not written', { error: String(error) }));
  }

  function begin(about: Pod, event: SchedulingEvent, key: string): void {
    const now = clock.now();
    const name = `${about.metadata.name}.${(BigInt(Math.floor(now)) * 1_000_000n + BigInt(serial++)).toString(16)}`;
    const series = { event: { name, namespace: about.metadata.namespace ?? '' }, count: 1, last: now, written: now };
    known.delete(key);
    known.set(key, series);
    if (known.size > seriesKept) known.delete(known.keys().next().value ?? '');
    write(() => client.create(GroupEvent, eventObject(about, event, { name, at: formatMicroTime(now) })));
  }

  function lengthen(series: Series): void {
    const now = clock.now();
    series.count++;
    series.last = now;
    if (series.count > 2 && now - series.written < seriesWrittenEvery) return;
    series.written = now;
    const patch = { series: { count: series.count, lastObservedTime: formatMicroTime(now) } };
    write(() => client.patch(GroupEvent, series.event, patch));
  }

  return (about, event) => {
    const key = `${about.metadata.uid}\n${event.type}\n${event.reason}\n${event.action}`;
    const series = known.get(key);
    if (series && clock.now() - series.last < seriesEndsAfter) lengthen(series);
    else begin(about, event, key);
  };
}

function eventObject(about: Pod, event: SchedulingEvent, { name, at }: { name: string; at: string }): GroupEvent {
  const { metadata, spec } = about;
  const controller = spec?.schedulerName ?? 'default-scheduler';
  return {
    metadata: { name, namespace: metadata.namespace ?? '' },
    eventTime: at,
    reportingController: controller,
    reportingInstance: `${controller}-portolan`,
    action: event.action,
    reason: event.reason,
    note: shortened(event.message),
    type: event.type ?? 'Normal',
    regarding: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
    },
  };
}

const shortened = (note: string): string =>
  note.length > longestNote ? `${note.slice(0, longestNote - 4)} ...` : note;
