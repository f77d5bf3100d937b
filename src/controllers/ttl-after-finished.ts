// Deletes finished Jobs once their time to live has passed.

import { seconds } from '../base/clock.ts';
import { parseTime } from '../base/time.ts';
import { Job } from '../kinds/batch/job.ts';
import { defineController } from '../reconcile/controller.ts';
import { isFinishedJob } from './job.ts';
import { conditionOf } from '../kinds/conditions.ts';

/** When the Job ended, by its condition. */
function endedAt({ status }: Job): number | undefined {
  const end = conditionOf(status?.conditions, 'Complete') ?? conditionOf(status?.conditions, 'Failed');
  return parseTime(end?.lastTransitionTime ?? '');
}

export const ttlAfterFinishedController = defineController<Job>({
  name: 'ttl-after-finished-controller',
  for: Job,

  async reconcile(job, context) {
    const { ttlSecondsAfterFinished } = job.spec;
    const end = endedAt(job);
    if (
      ttlSecondsAfterFinished === undefined ||
      job.metadata.deletionTimestamp ||
      !isFinishedJob(job) ||
      end === undefined
    )
      return;
    const left = end + seconds(ttlSecondsAfterFinished) - context.clock.now();
    if (left > 0) return { after: left };
    const { uid = '' } = job.metadata;
    await context.delete(Job, job, { propagationPolicy: 'Foreground', preconditions: { uid } });
    return;
  },
});
