// Event: something that happened to an object, told once or counted. Kept for an hour.

import { utf8Length } from '../../base/bytes.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import type { Instant } from '../../base/clock.ts';
import { hours } from '../../base/clock.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../base/names.ts';
import { complain } from '../checks.ts';
import { ageOf, nameColumn, numberCell, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { Event as Shape } from '../generated/types/core-v1.ts';

export type Event = Shape;

const field = (name: string) => ({ type: 'io.k8s.api.core.v1.Event', field: name });

export const Event = defineKind<Event>('v1', 'Event', {
  nameRule: 'pathSegment',
  generation: 'none',
  createOnUpdate: true,
  lifetime: hours(1),
  validate: (event) => eventIssues(event, 'reportingComponent'),
  validateUpdate: (event) => eventIssues(event, 'reportingComponent'),
  columns: [
    textColumn('Last Seen', field('lastTimestamp'), lastSeen),
    textColumn('Type', field('type'), ({ type }) => type ?? ''),
    textColumn('Reason', field('reason'), ({ reason }) => reason ?? ''),
    textColumn('Object', field('involvedObject'), objectText),
    wide(
      textColumn('Subobject', { type: 'io.k8s.api.core.v1.ObjectReference', field: 'fieldPath' }, (event) => {
        return event.involvedObject.fieldPath ?? '';
      }),
    ),
    wide(textColumn('Source', field('source'), sourceText)),
    textColumn('Message', field('message'), ({ message }) => (message ?? '').trim()),
    wide(textColumn('First Seen', field('firstTimestamp'), firstSeen)),
    wide(numberCell('Count', field('count'), ({ series, count }) => series?.count ?? (count || 1))),
    wide<Event>(nameColumn),
  ],
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
});

/**
 * Events of the old sort must only agree about the namespace; those with an exact time say who reports what. `reporter` is what the version
 * calls who reports.
 */
export function eventIssues(event: Event, reporter: 'reportingComponent' | 'reportingController'): Issue[] {
  const issues = namespaceIssues(event);
  if (event.eventTime) issues.push(...reportIssues(event, reporter));
  return [...issues, ...complain('namespace', event.metadata.namespace ?? '', isDns1123Subdomain)];
}

/** Objects without a namespace have their events in `default` (the new sort: also in `kube-system`). */
function namespaceIssues({ metadata, involvedObject, eventTime }: Event): Issue[] {
  const about = involvedObject.namespace ?? '';
  const homes = eventTime ? ['default', 'kube-system'] : ['default'];
  const agrees = about === '' ? homes.includes(metadata.namespace ?? '') : about === metadata.namespace;
  if (agrees || (about !== '' && eventTime)) return [];
  return [invalid('involvedObject.namespace', about, 'does not match event.namespace')];
}

const longest = { text: 128, note: 1024 };

function reportIssues(event: Event, reporter: string): Issue[] {
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  const short = (field: string, value: string) => [
    ...(value ? [] : [required(field)]),
    ...lengthIssues(field, value, longest.text),
  ];
  return [
    ...(reportingComponent ? [] : [required(reporter)]),
    ...complain(reporter, reportingComponent, isQualifiedName),
    ...short('reportingInstance', reportingInstance),
    ...short('action', action),
    ...short('reason', reason),
    ...lengthIssues('message', message, longest.note),
  ];
}

const lengthIssues = (field: string, value: string, most: number): Issue[] =>
  utf8Length(value) > most ? [invalid(field, '', `can have at most ${most} characters`)] : [];

function firstSeen(event: Event, now: Instant): string {
  return ageOf(event.firstTimestamp || event.eventTime, now);
}

function lastSeen(event: Event, now: Instant): string {
  if (event.series) return ageOf(event.series.lastObservedTime, now);
  return event.lastTimestamp ? ageOf(event.lastTimestamp, now) : firstSeen(event, now);
}

function objectText({ involvedObject }: Event): string {
  const kind = (involvedObject.kind ?? '').toLowerCase();
  return involvedObject.name ? `${kind}/${involvedObject.name}` : kind;
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const who = source?.component || reportingComponent || '';
  const where = source?.host || reportingInstance || '';
  return where ? `${who}, ${where}` : who;
}
