// JobValidation: a job whose pods start all together keeps as many of them as it has.

import { forbidden } from '../../api/status.ts';
import type { Job } from '../../kinds/batch/job.ts';
import { PodGroup } from '../../kinds/scheduling/pod-group.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin, AdmissionWorld } from './plugin.ts';

export const jobValidation: AdmissionPlugin = {
  name: 'JobValidation',
  handles: ({ operation, kind, subresource }) =>
    operation === 'UPDATE' && subresource === '' && kind.group === 'batch' && kind.plural === 'jobs',

  async validate({ object, old, name }, world) {
    const [next, previous] = [object as Draft & Job, old as Job];
    if (!world.enabled('GenericWorkload') || next.spec.parallelism === previous.spec.parallelism) return;
    const gang = (await groupsOf(previous, world)).find(({ spec }) => spec.schedulingPolicy.gang);
    if (!gang) return;
    const why = `cannot change parallelism for a Job referencing gang-scheduled PodGroup ${JSON.stringify(gang.metadata.name)}`;
    throw forbidden({ group: 'batch', resource: 'jobs' }, name, why);
  },
};

/** The group its template names, or else those that are the job's own. */
async function groupsOf(job: Job, world: AdmissionWorld): Promise<readonly PodGroup[]> {
  const groups = await world.mirror(PodGroup);
  const named = job.spec.template.spec?.schedulingGroup?.podGroupName;
  if (named === undefined)
    return groups.ownedBy(job).filter(({ metadata }) => metadata.namespace === job.metadata.namespace);
  const group = groups.get(named, job.metadata.namespace);
  return group ? [group] : [];
}
