import { expect, test } from 'vitest';
import { CronJob } from './cron-job.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

function zoneIssues(timeZone: string): string[] {
  const template = { spec: { restartPolicy: 'Never' as const, containers: [{ name: 'c', image: 'x' }] } };
  const cronJob: CronJob = {
    metadata: { name: 'j', namespace: 'n' },
    spec: { schedule: '@daily', timeZone, jobTemplate: { spec: { template } } },
  };
  CronJob.behaviour.applyDefaults?.(cronJob);
  return (CronJob.behaviour.validate?.(cronJob, context) ?? []).map(({ message }) => message);
}

test('a time zone is a named one, and nobody’s own', () => {
  const local = (name: string) =>
    `Invalid value: "${name}": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones`;
  expect(zoneIssues('Asia/Tokyo')).toEqual([]);
  expect(zoneIssues('Local')).toEqual([local('Local')]);
  expect(zoneIssues('local')).toEqual([local('local'), 'Invalid value: "local": unknown time zone local']);
  expect(zoneIssues('Moon/Base')).toEqual(['Invalid value: "Moon/Base": unknown time zone Moon/Base']);
});
