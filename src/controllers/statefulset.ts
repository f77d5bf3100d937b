// StatefulSets: numbered pods with claims of their own, made and replaced one after the other.

import { selectorOf } from '../base/selectors.ts';
import type { ApiError } from '../api/status.ts';
import { ControllerRevision } from '../kinds/apps/controller-revision.ts';
import { StatefulSet } from '../kinds/apps/stateful-set.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';
import { restFor, slowStart } from './batches.ts';
import {
  claimRevisions,
  currentRevision,
  revisionHash,
  surplusRevisions,
  templateOf,
  templatePatch,
} from './history.ts';
import { claimable, couldAdopt, planClaim, settleClaim } from './ownership.ts';
import { isActive } from './pods.ts';
import { resultOf } from './replicas.ts';
import { writeStatus } from './statuses.ts';
import { claimOwners, claimsOf, isStaleClaim, ordinalOf, withIdentity } from './statefulset/identity.ts';
import { planStatefulSet, revisionOf, statefulSetStatus, type Step } from './statefulset/plan.ts';

const selects = (set: StatefulSet) => selectorOf(set.spec.selector, 'nothing');

export const statefulSetController = defineController<StatefulSet>({
  name: 'statefulset-controller',
  for: StatefulSet,
  owns: [Pod, ControllerRevision],
  watches: [
    watching(Pod, (pod, _previous, { lister }) =>
      couldAdopt(pod, lister(StatefulSet).list(pod.metadata.namespace), selects),
    ),
    // A claim that is gone lets a waiting pod be made.
    watching(PersistentVolumeClaim, (claim, _previous, { lister }) =>
      lister(StatefulSet)
        .list(claim.metadata.namespace)
        .filter((set) => claim.metadata.name?.includes(`-${set.metadata.name}-`))
        .map(({ metadata }) => ({ name: metadata.name ?? '', namespace: metadata.namespace ?? '' })),
    ),
  ],

  rest: ({ status }) => restFor(status?.replicas),

  async reconcile(set, context) {
    const revisions = await claimRevisions(context, StatefulSet, set);
    const collisionCount = set.status?.collisionCount ?? 0;
    const hash = revisionHash(templatePatch(set.spec.template), collisionCount);
    const labels = { ...set.spec.template.metadata?.labels, 'controller.kubernetes.io/hash': hash };
    const { revision: update, collided } = await currentRevision(context, set, revisions, { hash, labels });
    if (collided) {
      const { replicas = 0, availableReplicas = 0 } = set.status ?? {};
      return resultOf<StatefulSet>(
        { ...set.status, replicas, availableReplicas, collisionCount: collisionCount + 1 },
        undefined,
      );
    }
    const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    const versionOf = (revision: ControllerRevision) => ({
      name: revision.metadata.name ?? '',
      template: templateOf(revision, set.spec.template),
    });

    const pods = await claimPods(set, context);
    const plan = planStatefulSet({
      set,
      pods,
      current: versionOf(current),
      update: versionOf(update),
      now: context.clock.now(),
    });
    if (!set.metadata.deletionTimestamp) for (const pod of plan.condemned) await settleClaims(set, pod, true, context);
    const { error } = await carryOut(set, plan.steps, context);

    const after = context.lister(Pod).ownedBy(set);
    const status = statefulSetStatus({
      set,
      pods: after,
      current: versionOf(current).name,
      update: versionOf(update).name,
      collisionCount,
      now: context.clock.now(),
    });
    if (error) {
      await writeStatus(context, StatefulSet, set, status);
      throw error;
    }
    const inUse = new Set([
      status.currentRevision ?? '',
      status.updateRevision ?? '',
      current.metadata.name ?? '',
      ...after.map(revisionOf),
    ]);
    for (const surplus of surplusRevisions(revisions, inUse, set.spec.revisionHistoryLimit ?? 10))
      await context.delete(ControllerRevision, surplus);
    return resultOf<StatefulSet>(status, plan.after);
  },
});

async function claimPods(set: StatefulSet, context: Context): Promise<readonly Pod[]> {
  const { controlled, orphans } = claimable(context.lister(Pod), set);
  const matches = (pod: Pod) => selects(set).matches(pod.metadata.labels) && ordinalOf(set, pod) !== undefined;
  const claim = planClaim(set, { controlled, orphans: orphans.filter(isActive) }, matches);
  return settleClaim(context, { ownerKind: StatefulSet, owner: set, kind: Pod }, claim);
}

/** In order, one step after the other; in parallel, creations in growing batches. */
async function carryOut(
  set: StatefulSet,
  steps: readonly Step[],
  context: Context,
): Promise<{ error: ApiError | undefined }> {
  const parallel = set.spec.podManagementPolicy === 'Parallel';
  const creations = parallel ? steps.filter(({ act }) => act === 'create') : [];
  const outcome = await slowStart(creations.length, (i) => take(set, creations[i] as Step, context));
  if (outcome.error) return outcome;
  const rest = steps.filter((step) => !creations.includes(step));
  let error: ApiError | undefined;
  for (const step of rest) {
    ({ error } = await slowStart(1, () => take(set, step, context)));
    if (error) break;
  }
  return { error };
}

async function take(set: StatefulSet, { act, pod }: Step, context: Context): Promise<void> {
  const name = pod.metadata.name ?? '';
  switch (act) {
    case 'create':
      if (hasStaleClaim(set, pod, context)) return;
      await makeClaims(set, pod, context);
      return told(set, 'Create', `Pod ${name}`, context, async () => void (await context.create(Pod, pod, set)));
    case 'recreate':
      tellRecreation(set, pod, context);
      return told(set, 'Delete', `Pod ${name}`, context, () => context.delete(Pod, pod));
    case 'delete':
      return told(set, 'Delete', `Pod ${name}`, context, () => context.delete(Pod, pod));
    case 'claim':
      await makeClaims(set, pod, context);
      return settleClaims(set, pod, false, context);
    case 'mend':
      await makeClaims(set, pod, context);
      return told(
        set,
        'Update',
        `Pod ${name}`,
        context,
        async () => void (await context.update(Pod, withIdentity(set, pod))),
      );
  }
}

function tellRecreation(set: StatefulSet, pod: Pod, context: Context): void {
  const failed = pod.status?.phase === 'Failed';
  context.event(set, {
    type: failed ? 'Warning' : 'Normal',
    reason: failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod',
    message: `StatefulSet ${set.metadata.namespace}/${set.metadata.name} is recreating ${failed ? 'failed' : 'terminated'} Pod ${pod.metadata.name}`,
  });
}

type Verb = 'Create' | 'Update' | 'Delete';

/** Carries out a write and tells about it in the words of the StatefulSet controller. */
async function told(
  set: StatefulSet,
  verb: Verb,
  what: string,
  { event }: Pick<Context, 'event'>,
  write: () => Promise<void>,
): Promise<void> {
  const claim = what.startsWith('Claim');
  const where = `${verb.toLowerCase()} ${what} in StatefulSet ${set.metadata.name}`;
  try {
    await write();
    event(set, { reason: `Successful${verb}`, message: `${where} ${claim ? 'success' : 'successful'}` });
  } catch (error) {
    const failed = claim ? where.replace(' Pod ', ' for Pod ') : where;
    event(set, {
      type: 'Warning',
      reason: `Failed${verb}`,
      message: `${failed} failed error: ${(error as Error).message}`,
    });
    throw error;
  }
}

const existingClaims = (set: StatefulSet, pod: Pod, { lister }: Context): PersistentVolumeClaim[] =>
  claimsOf(set, ordinalOf(set, pod) ?? 0).flatMap(
    ({ metadata }) => lister(PersistentVolumeClaim).get(metadata.name ?? '', metadata.namespace) ?? [],
  );

const hasStaleClaim = (set: StatefulSet, pod: Pod, context: Context): boolean =>
  existingClaims(set, pod, context).some((claim) => isStaleClaim(claim, pod));

async function makeClaims(set: StatefulSet, pod: Pod, context: Context): Promise<void> {
  const claims = context.lister(PersistentVolumeClaim);
  for (const claim of claimsOf(set, ordinalOf(set, pod) ?? 0)) {
    const { name = '', namespace } = claim.metadata;
    if (claims.get(name, namespace)) continue;
    const owners = claimOwners(set, pod, claim, false);
    const owned = owners ? { ...claim, metadata: { ...claim.metadata, ownerReferences: owners } } : claim;
    await told(
      set,
      'Create',
      `Claim ${name} Pod ${pod.metadata.name}`,
      context,
      async () => void (await context.create(PersistentVolumeClaim, owned)),
    );
  }
}

/** Gives existing claims the owners that the retention policy demands. */
async function settleClaims(set: StatefulSet, pod: Pod, condemned: boolean, context: Context): Promise<void> {
  for (const claim of existingClaims(set, pod, context)) {
    const owners = claimOwners(set, pod, claim, condemned);
    if (!owners) continue;
    const { ownerReferences: _, ...metadata } = claim.metadata;
    await context.update(PersistentVolumeClaim, {
      ...claim,
      metadata: { ...metadata, ...(owners.length > 0 && { ownerReferences: owners }) },
    });
  }
}
