// Jobs: run pods until enough have succeeded, or too many failed; every end of a pod counts exactly once.

import { deepEqual } from '../base/equal.ts';
import { selectorOf } from '../base/selectors.ts';
import type { Reference } from '../api/object.ts';
import type { ApiError } from '../api/status.ts';
import { Job } from '../kinds/batch/job.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { allAtOnce, isNamespaceTerminating, restFor, slowStart, told } from './batches.ts';
import { type Backoff, type JobPlan, planJob } from './job/plan.ts';
import { isTracked, jobPod, trackingFinalizer } from './job/pods.ts';
import { claimable, couldAdopt, ignoringAbsent, orphansOf, planClaim, settleClaim } from './ownership.ts';
import { controllerOf } from '../kinds/core/pod-facts.ts';
import { conditionOf } from '../kinds/conditions.ts';

const selects = (job: Job) => selectorOf(job.spec.selector, 'nothing');

export const isFinishedJob = ({ status }: Job): boolean =>
  ['Complete', 'Failed'].some((type) => conditionOf(status?.conditions, type)?.status === 'True');

const isOurs = ({ spec: { managedBy } }: Job): boolean =>
  managedBy === undefined || managedBy === 'kubernetes.io/job-controller';

export function jobController(): Controller {
  const backoffs = new Map<string, Backoff>();

  return defineController<Job>({
    name: 'job-controller',
    for: Job,
    owns: [Pod],
    watches: [
      watching(Pod, (pod, _previous, { lister }) => [
        ...couldAdopt(pod, lister(Job).list(pod.metadata.namespace), selects),
        ...formerOwner(pod),
      ]),
    ],

    rest: ({ status: { active = 0, terminating = 0 } = {} }) => restFor(active + terminating),

    async reconcile(job, context) {
      const { uid = '' } = job.metadata;
      if (!isOurs(job)) return;
      const pods = await claimPods(job, context);
      if (isFinishedJob(job)) {
        backoffs.delete(uid);
        await letGo(pods.filter(isTracked), context);
        return;
      }
      const plan = planJob({
        job,
        pods,
        backoff: backoffs.get(uid) ?? { failures: 0, lastFailure: 0 },
        now: context.clock.now(),
      });
      const staffed = await staff(job, plan, context);
      await settle(job, plan, staffed.error !== undefined, context);
      backoffs.set(uid, plan.backoff);
      for (const event of plan.events) context.event(job, event);
      if (staffed.error && !isNamespaceTerminating(staffed.error)) throw staffed.error;
      return plan.after === undefined ? undefined : { after: plan.after };
    },

    /** Pods that are left of a Job are not tracked any more. */
    async gone(key, context) {
      const left = context
        .lister(Pod)
        .list(key.namespace)
        .filter((pod) => isTracked(pod) && wasOf(pod, key));
      await letGo(left, context);
    },
  });
}

/** A tracked pod whose Job lost it: the Job, or its absence, is to be looked at. */
const formerOwner = (pod: Pod): Reference[] => {
  const name = pod.metadata.labels?.['batch.kubernetes.io/job-name'];
  return name && isTracked(pod) && !controllerOf(pod) ? [{ name, namespace: pod.metadata.namespace ?? '' }] : [];
};

function wasOf(pod: Pod, { name }: Reference): boolean {
  const owner = controllerOf(pod);
  return owner
    ? owner.kind === 'Job' && owner.name === name
    : pod.metadata.labels?.['batch.kubernetes.io/job-name'] === name;
}

async function claimPods(job: Job, context: Context): Promise<readonly Pod[]> {
  const lister = context.lister(Pod);
  const candidates = {
    controlled: claimable(lister, job).controlled,
    orphans: orphansOf(lister, job.metadata.namespace ?? ''),
  };
  const claim = planClaim(job, candidates, (pod) => selects(job).matches(pod.metadata.labels));
  const tracked = { finalizers: [trackingFinalizer] };
  const untracked = { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] };
  return settleClaim(context, { ownerKind: Job, owner: job, kind: Pod }, claim, tracked, untracked);
}

/** Deletes and makes the pods the plan names. */
async function staff(job: Job, plan: JobPlan, context: Context): Promise<{ error: ApiError | undefined }> {
  const event = (text: Parameters<Context['event']>[1]) => context.event(job, text);
  const removed = await allAtOnce(plan.remove.length, async (i) => {
    const pod = plan.remove[i] as Pod;
    if (plan.forgetting) await letGo([pod], context);
    await told(event, { verb: 'delete', name: pod.metadata.name ?? '' }, () => context.delete(Pod, pod));
  });
  if (removed.error) return removed;
  return slowStart(plan.create.length, (i) =>
    told(event, { verb: 'create' }, () =>
      context.create(Pod, jobPod(job, plan.create[i] ?? { index: undefined }), job),
    ),
  );
}

/**
 * Writes who is going to be counted, lets those pods go, then writes the counts: a crash in between loses and doubles nobody.
 * After a refusal the number of active pods is what the mirror says.
 */
async function settle(job: Job, plan: JobPlan, refused: boolean, context: Context): Promise<void> {
  const { client } = context;
  let current = job;
  if (plan.interim) current = await client.updateStatus(Job, { ...current, status: plan.interim });
  const gone = new Set(plan.forgetting ? plan.remove.map(({ metadata }) => metadata.uid) : []);
  await letGo(
    plan.release.filter(({ metadata }) => !gone.has(metadata.uid)),
    context,
  );
  const { active: _, ...rest } = plan.status;
  const active = context
    .lister(Pod)
    .ownedBy(job)
    .filter(
      ({ metadata, status }) =>
        !metadata.deletionTimestamp && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    ).length;
  const status = refused ? { ...rest, ...(active > 0 && { active }) } : plan.status;
  if (!deepEqual(current.status, status)) await client.updateStatus(Job, { ...current, status });
}

async function letGo(pods: readonly Pod[], context: Context): Promise<void> {
  const patch = (pod: Pod) => ({
    metadata: { uid: pod.metadata.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] },
  });
  const { error } = await allAtOnce(pods.length, (i) => {
    const pod = pods[i] as Pod;
    return isTracked(pod)
      ? ignoringAbsent(context.patch(Pod, pod, patch(pod), { type: 'strategic' }))
      : Promise.resolve();
  });
  if (error) throw error;
}
