// Deployments: replace the pods of one template by those of the next, step by step, and keep a history to go back to.

import { selectorOf } from '../base/selectors.ts';
import { deepEqual } from '../base/equal.ts';
import { ApiError } from '../api/status.ts';
import { Deployment } from '../kinds/apps/deployment.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { DeploymentStatus } from '../kinds/generated/types/apps-v1.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';
import { isNamespaceTerminating } from './batches.ts';
import { progressing, withCondition } from './deployment/progress.ts';
import { hasProgressDeadline, revisionAnnotation, sameTemplate } from './deployment/revisions.ts';
import { planDeployment, scaled } from './deployment/plan.ts';
import { wanted } from './deployment/sizes.ts';
import { claimable, couldAdopt, planClaim, settleClaim } from './ownership.ts';
import { controllerOf, isFinished } from '../kinds/core/pod-facts.ts';
import { resultOf } from './replicas.ts';

const selects = (deployment: Deployment) => selectorOf(deployment.spec.selector, 'nothing');

export const deploymentController = defineController<Deployment>({
  name: 'deployment-controller',
  for: Deployment,
  owns: [ReplicaSet],
  watches: [
    watching(ReplicaSet, (set, _previous, { lister }) =>
      couldAdopt(set, lister(Deployment).list(set.metadata.namespace), selects),
    ),
    // Recreate waits for the last old pod to be gone.
    watching(Pod, (pod, _previous, { lister }) => {
      const owner = controllerOf(pod);
      if (owner?.kind !== 'ReplicaSet') return [];
      const namespace = pod.metadata.namespace ?? '';
      const above = controllerOf(lister(ReplicaSet).get(owner.name, namespace) ?? { metadata: {} });
      if (above?.kind !== 'Deployment') return [];
      const deployment = lister(Deployment).get(above.name, namespace);
      return deployment?.spec.strategy?.type === 'Recreate' ? [{ name: above.name, namespace }] : [];
    }),
  ],

  async reconcile(deployment, context) {
    const selector = selects(deployment);
    if (selector.requirements.length === 0) return selectsAll(deployment, context);
    const claim = planClaim(deployment, claimable(context.lister(ReplicaSet), deployment), (set) =>
      selector.matches(set.metadata.labels),
    );
    const sets = await settleClaim(context, { ownerKind: Deployment, owner: deployment, kind: ReplicaSet }, claim);
    const plan = planDeployment({
      deployment,
      sets,
      now: context.clock.now(),
      oldPodsRun: (fresh) => oldPodsRun(sets, fresh, context),
    });

    const adopted = plan.create && (await createSet(deployment, plan.create, context));
    for (const { set, event } of plan.updates) {
      await context.update(ReplicaSet, set);
      if (event) context.event(deployment, event);
    }
    for (const set of plan.remove) await context.delete(ReplicaSet, set);
    await write(deployment, { status: plan.status, revision: adopted ?? plan.revision }, context);
    return { ...(plan.after !== undefined && { after: plan.after }) };
  },
});

function selectsAll(deployment: Deployment, context: Context) {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  context.event(deployment, { type: 'Warning', reason: 'SelectingAll', message });
  return resultOf<Deployment>(
    { ...deployment.status, observedGeneration: deployment.metadata.generation ?? 0 },
    undefined,
  );
}

/** Pods that stop count as running, finished ones do not. */
function oldPodsRun(sets: readonly ReplicaSet[], fresh: ReplicaSet | undefined, { lister }: Context): boolean {
  return sets.some(
    (set) =>
      set.metadata.uid !== fresh?.metadata.uid &&
      lister(Pod)
        .ownedBy(set)
        .some((pod) => !isFinished(pod)),
  );
}

/**
 * Makes the new ReplicaSet and tells about it. One that exists already is taken if it is the very one, and its revision returned;
 * a stranger of that name makes the hash start over.
 */
async function createSet(deployment: Deployment, set: ReplicaSet, context: Context): Promise<string | undefined> {
  try {
    await context.create(ReplicaSet, set, deployment);
  } catch (error) {
    if (!(error instanceof ApiError) || isNamespaceTerminating(error)) throw error;
    if (error.reason === 'AlreadyExists') return takeExisting(deployment, set, error, context);
    await tellFailure(deployment, `Failed to create new replica set "${set.metadata.name}": ${error.message}`, context);
    throw error;
  }
  if (wanted(set) > 0) context.event(deployment, scaled(set.metadata.name ?? '', 0, wanted(set)));
  return undefined;
}

async function takeExisting(deployment: Deployment, set: ReplicaSet, error: ApiError, context: Context) {
  const existing = context.lister(ReplicaSet).get(set.metadata.name ?? '', set.metadata.namespace);
  const ours = existing && controllerOf(existing)?.uid === deployment.metadata.uid;
  if (ours && sameTemplate(existing.spec.template ?? {}, deployment.spec.template))
    return existing.metadata.annotations?.[revisionAnnotation];
  const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
  await context.client.updateStatus(Deployment, { ...deployment, status });
  throw error;
}

async function tellFailure(deployment: Deployment, message: string, context: Context): Promise<void> {
  context.event(deployment, { type: 'Warning', reason: 'ReplicaSetCreateError', message });
  if (!hasProgressDeadline(deployment)) return;
  const news = progressing('False', 'ReplicaSetCreateError', message);
  const conditions = withCondition(deployment.status?.conditions ?? [], news, context.clock.now());
  if (conditions === deployment.status?.conditions) return;
  await context.client.updateStatus(Deployment, {
    ...deployment,
    status: { ...deployment.status, conditions: [...conditions] },
  });
}

/** Status and revision go in one write: an annotation written through /status leaves the generation alone. */
async function write(
  deployment: Deployment,
  { status, revision }: { status: DeploymentStatus; revision: string | undefined },
  { client }: Context,
): Promise<void> {
  const { annotations } = deployment.metadata;
  const renamed = revision !== undefined && annotations?.[revisionAnnotation] !== revision;
  if (!renamed && deepEqual(deployment.status, status)) return;
  const metadata = renamed
    ? { ...deployment.metadata, annotations: { ...annotations, [revisionAnnotation]: revision } }
    : deployment.metadata;
  await client.updateStatus(Deployment, { ...deployment, metadata, status });
}
