// CronJob: a Job again and again, by a schedule.

import { parseCron } from '../../base/cron.ts';
import { ParseError } from '../../base/parse-error.ts';
import { isTimeZone } from '../../base/time-zone.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { nonNegative, notListed } from '../checks.ts';
import { ageColumn, ageOf, nameColumn, numberColumn, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { CronJobSpec, JobTemplateSpec, CronJob as Shape } from '../generated/types/batch-v1.ts';
import { isNewGeneration, podNameWarnings, selectorCell, shownSelector } from '../workloads.ts';
import { applyJobTemplateDefaults } from './job.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { jobSpecIssues, jobSpecWarnings } from './job-spec.ts';

export type CronJob = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.batch.v1.CronJobSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.batch.v1.CronJobStatus', field });

/** What a job's name adds to its CronJob's: a dash and minutes since 1970. */
const longestName = 63 - 11;

export const CronJob = defineKind<CronJob>('batch/v1', 'CronJob', {
  applyDefaults,
  dropDisabledFields: ({ spec }, previous, context) =>
    dropDisabledTemplateFields(spec?.jobTemplate?.spec?.template, previous?.spec.jobTemplate?.spec?.template, context),
  prepareForCreate(cronJob) {
    cronJob.status = {};
  },
  validate: ({ metadata: { name = '' }, spec }) => [
    ...specIssues(spec, undefined),
    ...(name.length > longestName
      ? [invalid('metadata.name', name, `must be no more than ${longestName} characters`)]
      : []),
  ],
  validateUpdate: ({ spec }, previous) => specIssues(spec, previous.spec),
  warnings: (next, previous) => [
    ...(previous ? [] : podNameWarnings(next)),
    ...(isNewGeneration(next, previous)
      ? jobSpecWarnings(next.spec.jobTemplate.spec ?? { template: {} }, 'spec.jobTemplate.spec')
      : []),
    ...(previous && namesZone(next.spec.schedule) ? [zoneWarning] : []),
  ],
  columns: [
    nameColumn,
    textColumn('Schedule', specField('schedule'), ({ spec }) => spec.schedule),
    textColumn('Timezone', specField('timeZone'), ({ spec }) => spec.timeZone ?? '<none>'),
    {
      ...textColumn<CronJob>('Suspend', specField('suspend'), ({ spec }) => {
        return spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False';
      }),
      type: 'boolean',
    },
    numberColumn('Active', statusField('active'), ({ status }) => status?.active?.length ?? 0),
    textColumn('Last Schedule', statusField('lastScheduleTime'), ({ status }, now) => {
      return status?.lastScheduleTime ? ageOf(status.lastScheduleTime, now) : '<none>';
    }),
    ageColumn,
    ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate.spec?.template.spec).map(wide),
    wide(
      textColumn('Selector', { type: 'io.k8s.api.batch.v1.JobSpec', field: 'selector' }, ({ spec }) => {
        return selectorCell(spec.jobTemplate.spec?.selector);
      }),
    ),
  ],
});

/** Kubernetes names a field that is not there. */
const zoneWarning =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

const namesZone = (schedule: string): boolean => schedule.includes('TZ');

function applyDefaults(cronJob: CronJob): void {
  const spec = (cronJob.spec ??= { schedule: '', jobTemplate: {} });
  spec.jobTemplate ??= {};
  applyJobTemplateDefaults(spec.jobTemplate);
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
}

function specIssues(spec: CronJobSpec, previous: CronJobSpec | undefined): Issue[] {
  const zoneChanged = !previous || previous.timeZone !== spec.timeZone;
  return [
    ...scheduleIssues(spec, namesZone(previous?.schedule ?? '')),
    ...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...(zoneChanged ? zoneIssues(spec.timeZone) : []),
    ...concurrencyIssues(spec.concurrencyPolicy),
    ...jobTemplateIssues(spec.jobTemplate, 'spec.jobTemplate.spec'),
    ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ];
}

/** Zones inside the schedule are left to those who have one there already. */
function scheduleIssues({ schedule, timeZone }: CronJobSpec, zoneAllowed: boolean): Issue[] {
  if (!schedule) return [required('spec.schedule')];
  const issues: Issue[] = [];
  const complain = (rule: string) => issues.push(invalid('spec.schedule', schedule, rule));
  try {
    parseCron(schedule);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    complain(error.message);
  }
  if (!namesZone(schedule)) return issues;
  if (!zoneAllowed) complain('cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
  else if (timeZone !== undefined) complain('cannot use both timeZone field and TZ or CRON_TZ in schedule');
  return issues;
}

function zoneIssues(zone: string | undefined): Issue[] {
  const refuse = (rule: string) => [invalid('spec.timeZone', zone, rule)];
  if (zone === undefined) return [];
  if (zone === '') return refuse('timeZone must be nil or non-empty string');
  const unknown = zone === 'Local' || isTimeZone(zone) ? [] : refuse(`unknown time zone ${zone}`);
  if (zone.toLowerCase() !== 'local') return unknown;
  return [
    ...refuse('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'),
    ...unknown,
  ];
}

function concurrencyIssues(policy: string | undefined): Issue[] {
  const choices = ['Allow', 'Forbid', 'Replace'];
  if (!policy) return [required('spec.concurrencyPolicy')];
  return choices.includes(policy) ? [] : [notListed('spec.concurrencyPolicy', policy, choices)];
}

function jobTemplateIssues({ spec = { template: {} } }: JobTemplateSpec, field: string): Issue[] {
  const issues = jobSpecIssues(spec, field);
  if (spec.selector)
    issues.push(invalid(`${field}.selector`, shownSelector(spec.selector), '`selector` will be auto-generated'));
  if (spec.manualSelector) issues.push(notListed(`${field}.manualSelector`, true, ['nil', 'false']));
  return issues;
}
