import { expect, test } from 'vitest';
import { days } from '../../src/base/clock.ts';
import { simulate } from '../../src/cluster/simulate.ts';
import { CronJob } from '../../src/kinds/batch/cron-job.ts';
import { Job } from '../../src/kinds/batch/job.ts';

test('a year of nights in Berlin: the hour that is left out is skipped, the one that comes twice counts twice', async () => {
  const { client, clock, informers, stop } = await simulate({ seed: 1, leases: false });
  const starts: string[] = [];
  (await informers.of(Job)).subscribe((changes) => {
    for (const { object, previous } of changes)
      if (object && !previous)
        starts.push(object.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '');
  });
  await client.create(CronJob, {
    metadata: { name: 'nightly', namespace: 'default' },
    spec: {
      schedule: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.com/c:1' }] } } },
      },
    },
  });
  await clock.advance(days(365));

  expect(starts).toHaveLength(365 - 1 + 1);
  expect(starts.filter((start) => start.startsWith('2026-03-29'))).toEqual([]);
  expect(starts.filter((start) => start.startsWith('2026-10-25'))).toEqual([
    '2026-10-25T02:30:00+02:00',
    '2026-10-25T02:30:00+01:00',
  ]);
  const offsets = starts.map((start) => `${start.slice(11, 19)} ${start.slice(19)}`);
  expect(new Set(offsets)).toEqual(new Set(['02:30:00 +01:00', '02:30:00 +02:00']));
  expect((await client.list(Job)).items, 'the history limits').toHaveLength(3);
  const { status } = await client.get(CronJob, 'nightly', 'default');
  expect(status?.active).toBeUndefined();
  await stop();
}, 120_000);
