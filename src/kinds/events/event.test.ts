import { expect, test } from 'vitest';
import { Event } from '../core/event.ts';
import type { Event as CoreEvent } from '../generated/types/core-v1.ts';
import { GroupEvent } from './event.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

/** In the form that both groups keep. */
const event = (more: Partial<CoreEvent> = {}): CoreEvent => ({
  metadata: { name: 'e', namespace: 'n' },
  involvedObject: { kind: 'Pod', namespace: 'n', name: 'p' },
  reportingComponent: 'a.b/c',
  reportingInstance: 'i',
  eventTime: '2026-01-01T00:00:00.000000Z',
  action: 'Do',
  reason: 'Because',
  type: 'Normal',
  ...more,
});

const said = (issues: readonly { field: string; message: string }[] | undefined): string[] =>
  (issues ?? []).map(({ field, message }) => `${field}: ${message}`);

const old = (more: Partial<CoreEvent>) => said(Event.behaviour.validate?.(event(more), context));
const created = (more: Partial<CoreEvent>) => said(GroupEvent.behaviour.validate?.(event(more) as never, context));
const changed = (more: Partial<CoreEvent>) =>
  said(GroupEvent.behaviour.validateUpdate?.(event(more) as never, event() as never, context));

test('who reports is called as the version calls it, and its name is looked at even when there is none', () => {
  const fields = (issues: string[]) => issues.map((text) => text.split(':')[0]);
  const three = (name: string) => [name, name, name];
  expect(fields(old({ reportingComponent: '' }))).toEqual(three('reportingComponent'));
  expect(fields(created({ reportingComponent: '' }))).toEqual(three('reportingController'));
});

test('an event without its exact time is told so, and not who ought to report it', () => {
  const { eventTime: _, ...untimed } = event({ reportingComponent: '', action: '' });
  expect(said(GroupEvent.behaviour.validate?.(untimed as never, context))).toEqual(['eventTime: Required value']);
});

test('the series is looked at when it changes, before all that must not', () => {
  const series = { count: 1, lastObservedTime: '2026-01-01T00:00:00.000000Z' };
  expect(changed({ series, reason: 'Other', reportingComponent: 'd.e/f' })).toEqual([
    'series.count: Invalid value: "": should be at least 2',
    'reason: Invalid value: "Other": field is immutable',
    'reason: Invalid value: "Other": field is immutable',
    'reportingController: Invalid value: "d.e/f": field is immutable',
  ]);
  expect(
    said(GroupEvent.behaviour.validateUpdate?.(event({ series }) as never, event({ series }) as never, context)),
  ).toEqual([]);
});

test('what must not change is shown as it is inside', () => {
  expect(changed({ source: { component: 'c' } })).toEqual([
    'source: Invalid value: {"Component":"c","Host":""}: field is immutable',
  ]);
});

test('texts are measured in bytes', () => {
  expect(old({ message: 'é'.repeat(513) })).toEqual(['message: Invalid value: "": can have at most 1024 characters']);
});
