// How many pods does a Job with backoffLimit 6 start before it gives up, and when? Answered by running it: `npm run example -- job-backoff`.

import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { hours } from '../../src/base/clock.ts';
import { simulate } from '../../src/cluster/simulate.ts';
import { Job } from '../../src/kinds/batch/job.ts';
import { Pod } from '../../src/kinds/core/pod.ts';

export interface Attempts {
  /** When each pod was made, in seconds after the Job. */
  readonly startedAt: readonly number[];
  /** Why the Job ended. */
  readonly reason: string | undefined;
}

export async function attemptsOf(job: Job): Promise<Attempts> {
  const { client, clock, informers, stop } = await simulate({ seed: 1, leases: false });
  const began = clock.now();
  const startedAt: number[] = [];
  (await informers.of(Pod)).subscribe((changes) => {
    for (const { object, previous } of changes) if (object && !previous) startedAt.push((clock.now() - began) / 1000);
  });
  await client.create(Job, job);
  await clock.advance(hours(1));
  const ended = await client.get(Job, job.metadata.name ?? '', job.metadata.namespace);
  await stop();
  return { startedAt, reason: ended.status?.conditions?.find(({ type }) => type === 'Failed')?.reason };
}

export async function main(print: (line: string) => void): Promise<void> {
  const job = load(readFileSync(new URL('job.yaml', import.meta.url), 'utf8')) as Job;
  const { startedAt, reason } = await attemptsOf(job);
  for (const [at, second] of startedAt.entries()) print(`pod ${at + 1} is started ${Math.round(second)} s after the Job`);
  print(`${startedAt.length} pods: backoffLimit ${job.spec.backoffLimit} counts the failures after the first (${reason}).`);
}
