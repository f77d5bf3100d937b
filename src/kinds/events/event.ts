// Event of events.k8s.io: the same events as the core's, under newer names and stricter rules.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { immutable } from '../checks.ts';
import { Event, eventIssues } from '../core/event.ts';
import { defineKind } from '../define.ts';
import type { Event as CoreEvent, ObjectReference } from '../generated/types/core-v1.ts';
import type { Event as Shape } from '../generated/types/events-v1.ts';

export type GroupEvent = Shape;

/** The names of either group for the same fields: here, and in the core. */
const names = {
  note: 'message',
  regarding: 'involvedObject',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
} as const;

const coreNames: Readonly<Record<string, string>> = names;
const groupNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(names).map(([here, core]) => [core, here]),
);

const renamed = (object: KubeObject, by: Readonly<Record<string, string>>): KubeObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [by[name] ?? name, value])) as unknown as KubeObject;

/** The core writes what is empty where this group leaves it out, and the other way round. */
function toCore(draft: KubeObject): KubeObject {
  const event = renamed(draft, coreNames) as CoreEvent;
  event.involvedObject ??= {};
  event.source ??= {};
  event.reportingComponent ??= '';
  event.reportingInstance ??= '';
  return event;
}

function fromCore(object: KubeObject): KubeObject {
  const { message, reportingComponent, reportingInstance, count, ...rest } = object as CoreEvent;
  return renamed(
    {
      ...rest,
      ...(message && { message }),
      ...(reportingComponent && { reportingComponent }),
      ...(reportingInstance && { reportingInstance }),
      ...(count && { count }),
    } as KubeObject,
    groupNames,
  );
}

/** Rules for objects in the core's form, which is the one they are kept in. */
export const GroupEvent = defineKind<CoreEvent>(
  'events.k8s.io/v1',
  'Event',
  {
    generation: 'none',
    createOnUpdate: true,
    validate: (event) => [
      ...eventIssues(event, 'reportingController'),
      ...seriesIssues(event),
      ...newEventIssues(event),
    ],
    validateUpdate: (next, previous) => [
      ...eventIssues(next, 'reportingController'),
      ...(deepEqual(next.series, previous.series) ? [] : seriesIssues(next)),
      ...changeIssues(next, previous),
    ],
    ...(Event.behaviour.columns && { columns: Event.behaviour.columns }),
    selectableFields: {
      'regarding.kind': ({ involvedObject }) => involvedObject.kind ?? '',
      'regarding.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
      'regarding.name': ({ involvedObject }) => involvedObject.name ?? '',
      'regarding.uid': ({ involvedObject }) => involvedObject.uid ?? '',
      'regarding.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
      'regarding.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
      'regarding.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
      reason: ({ reason }) => reason ?? '',
      reportingController: ({ reportingComponent }) => reportingComponent,
      type: ({ type }) => type ?? '',
    },
  },
  { storedAs: Event as unknown as Kind, conversions: { v1: { toHub: toCore, fromHub: fromCore } } },
) as unknown as Kind<GroupEvent>;

function newEventIssues(event: CoreEvent): Issue[] {
  const { type = '' } = event;
  const unset = (field: string) => invalid(field, '', 'needs to be unset');
  const given = (source: CoreEvent['source']) => Boolean(source?.component || source?.host);
  return [
    ...(event.eventTime ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...(event.firstTimestamp ? [unset('firstTimestamp')] : []),
    ...(event.lastTimestamp ? [unset('lastTimestamp')] : []),
    ...(event.count ? [unset('count')] : []),
    ...(given(event.source) ? [unset('source')] : []),
  ];
}

function seriesIssues({ series }: CoreEvent): Issue[] {
  if (!series) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ];
}

/** What stays as it was, as Kubernetes shows it from inside; in its order, and the reason twice. */
const fixed: readonly (readonly [field: string, shown: (event: CoreEvent) => unknown])[] = [
  ['involvedObject', ({ involvedObject }) => internalReference(involvedObject)],
  ['reason', ({ reason = '' }) => reason],
  ['message', ({ message = '' }) => message],
  ['source', ({ source }) => ({ Component: source?.component ?? '', Host: source?.host ?? '' })],
  ['firstTimestamp', ({ firstTimestamp }) => firstTimestamp ?? null],
  ['lastTimestamp', ({ lastTimestamp }) => lastTimestamp ?? null],
  ['count', ({ count = 0 }) => count],
  ['reason', ({ reason = '' }) => reason],
  ['type', ({ type = '' }) => type],
  ['eventTime', ({ eventTime }) => eventTime ?? null],
  ['action', ({ action = '' }) => action],
  ['related', ({ related }) => related && internalReference(related)],
  ['reportingController', ({ reportingComponent }) => reportingComponent],
  ['reportingInstance', ({ reportingInstance }) => reportingInstance],
];

/** Only the series goes on. */
const changeIssues = (next: CoreEvent, previous: CoreEvent): Issue[] =>
  fixed.flatMap(([field, shown]) => (deepEqual(shown(next), shown(previous)) ? [] : [immutable(field, shown(next))]));

const internalReference = (reference: ObjectReference) => ({
  Kind: reference.kind ?? '',
  Namespace: reference.namespace ?? '',
  Name: reference.name ?? '',
  UID: reference.uid ?? '',
  APIVersion: reference.apiVersion ?? '',
  ResourceVersion: reference.resourceVersion ?? '',
  FieldPath: reference.fieldPath ?? '',
});
