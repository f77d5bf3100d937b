// StatefulSets: numbered pods with claims of their own, made and replaced one after the other.

import { selectorOf } from '../base/selectors.ts';
import { ApiError } from '../api/status.ts';
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
import { claimable, couldAdopt, ignoringAbsent, planClaim, settleClaim } from './ownership.ts';
import { isActive } from '../kinds/core/pod-facts.ts';
import { resultOf } from './replicas.ts';
import { writeStatus } from './statuses.ts';
import {
  claimOwners,
  claimsOf,
  hasIdentity,
  hasVolumes,
  isContested,
  isStaleClaim,
  ordinalOf,
  withIdentity,
} from './statefulset/identity.ts';
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
  switch (act) {
    case 'create':
      return create(set, pod, context);
    case 'claim':
      await makeClaims(set, pod, context);
      return settleClaims(set, pod, context);
    case 'mend':
      return mend(set, pod, context);
    case 'condemn':
      return settleClaims(set, pod, context, true);
    case 'delete':
      return told(set, 'Delete', pod, context, () => ignoringAbsent(context.delete(Pod, pod)));
  }
}

async function create(set: StatefulSet, pod: Pod, context: Context): Promise<void> {
  if (existingClaims(set, pod, context).some((claim) => isStaleClaim(set, pod, claim))) return;
  await told(set, 'Create', pod, context, async () => {
    await makeClaims(set, pod, context);
    await context.create(Pod, pod, set);
    await settleClaims(set, pod, context);
  });
}

/** Puts right what is wrong with a pod or the owners of its claims; the pod is written in either case, as upstream does. */
async function mend(set: StatefulSet, pod: Pod, context: Context): Promise<void> {
  const settled = existingClaims(set, pod, context).every((claim) => !claimOwners(set, pod, claim, false));
  if (hasIdentity(pod) && hasVolumes(set, pod) && settled) return;
  await told(set, 'Update', pod, context, async () => {
    if (!hasVolumes(set, pod)) await makeClaims(set, pod, context);
    await settleClaims(set, pod, context);
    await context.update(Pod, withIdentity(set, pod));
  });
}

type Verb = 'Create' | 'Update' | 'Delete';

/** Carries out what concerns a pod and tells about it in the words of the StatefulSet controller. */
async function told(
  set: StatefulSet,
  verb: Verb,
  pod: Pod,
  { event }: Pick<Context, 'event'>,
  act: () => Promise<void>,
): Promise<void> {
  const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  try {
    await act();
    event(set, { reason: `Successful${verb}`, message: `${what} successful` });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists'))
      event(set, {
        type: 'Warning',
        reason: `Failed${verb}`,
        message: `${what} failed error: ${(error as Error).message}`,
      });
    throw error;
  }
}

const existingClaims = (set: StatefulSet, pod: Pod, { lister }: Context): PersistentVolumeClaim[] =>
  claimsOf(set, ordinalOf(set, pod) ?? 0).flatMap(
    ({ metadata }) => lister(PersistentVolumeClaim).get(metadata.name ?? '', metadata.namespace) ?? [],
  );

/** Makes the claims that are missing. One on its way out has to be gone first: that is tried again with growing patience. */
async function makeClaims(set: StatefulSet, pod: Pod, context: Context): Promise<void> {
  const problems: string[] = [];
  for (const claim of claimsOf(set, ordinalOf(set, pod) ?? 0)) {
    const present = context.lister(PersistentVolumeClaim).get(claim.metadata.name ?? '', claim.metadata.namespace);
    if (present?.metadata.deletionTimestamp) problems.push(`pvc ${claim.metadata.name} is being deleted`);
    if (!present) problems.push(...(await makeClaim(set, pod, claim, context)));
  }
  if (problems.length > 0)
    throw new ApiError(500, '', problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`);
}

async function makeClaim(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
  { create: write, event }: Context,
): Promise<string[]> {
  const [name, where] = [claim.metadata.name, `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`];
  try {
    await write(PersistentVolumeClaim, claim);
    event(set, { reason: 'SuccessfulCreate', message: `Create Claim ${name} ${where} success` });
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const message = `Create Claim ${name} for ${where} failed error: ${error.message}`;
    if (error.reason !== 'AlreadyExists') event(set, { type: 'Warning', reason: 'FailedCreate', message });
    return [`failed to create PVC ${name}: ${error.message}`];
  }
}

/** Gives existing claims the owners that the retention policy demands. */
async function settleClaims(set: StatefulSet, pod: Pod, context: Context, condemned = false): Promise<void> {
  for (const claim of existingClaims(set, pod, context)) {
    if (isContested(set, pod, claim)) tellContest(set, claim, context);
    const owners = claimOwners(set, pod, claim, condemned);
    if (!owners) continue;
    const { ownerReferences: _, ...metadata } = claim.metadata;
    await context.update(PersistentVolumeClaim, {
      ...claim,
      metadata: { ...metadata, ...(owners.length > 0 && { ownerReferences: owners }) },
    });
  }
}

const tellContest = (set: StatefulSet, { metadata }: PersistentVolumeClaim, { event }: Context): void =>
  event(set, {
    type: 'Warning',
    reason: 'ConflictingController',
    // The misspelling is Kubernetes' own.
    message: `PersistentVolumeClaim ${metadata.name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`,
  });
