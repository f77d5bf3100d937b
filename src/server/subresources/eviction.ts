// pods/eviction: a deletion that asks the disruption budgets first.

import { formatTime } from '../../base/time.ts';
import { selectorOf } from '../../base/selectors.ts';
import { ApiError, notFound, tooManyRequests } from '../../api/status.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { PodDisruptionBudget } from '../../kinds/policy/pod-disruption-budget.ts';
import type { Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { deleteOptionsFrom, writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { admit, attributesOf, writeContext } from '../verbs/commit.ts';
import { remove } from '../verbs/delete.ts';
import { modify } from '../verbs/modify.ts';
import type { Result } from '../verbs/result.ts';
import { created, expectedBy, readBody, requireSameName } from './body.ts';

export async function eviction(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const options = writeOptions('CreateOptions', exchange.request.query, exchange.request.headers['user-agent']);
  const body = readBody(exchange, { ...expectedBy(target), older: ['policy/v1beta1'] }, options);
  requireSameName(body, target, 'Eviction');
  const deletion = deleteOptionsFrom((body.deleteOptions ?? {}) as Record<string, unknown>);
  const dryRun = options.dryRun || deletion.dryRun;
  const context = writeContext(exchange, target, { dryRun, given: options.given });
  const attributes = attributesOf(context, 'CREATE', target.name, body, undefined);
  await admit(server, 'mutate', attributes);
  await admit(server, 'validate', attributes);
  const pod = (await server.caches.of(target.served.kind)).mirror.get(target.name, target.namespace) as Pod | undefined;
  if (!pod) throw notFound(target, target.name);
  if (needsBudget(pod)) await takeFromBudget(server, pod, dryRun);
  // Upstream does not look for a dry run among the options of the deletion here.
  if (!options.dryRun) await markDisrupted(server, target, pod);
  await remove(server, context, { ...deletion, dryRun }, 'asked');
  return { type: 'other', code: 201, object: created() };
}

/** Whoever watches the pod learns why it goes. */
async function markDisrupted(server: Server, target: ResourceTarget, pod: Pod): Promise<void> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: formatTime(server.clock.now()),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  await modify(server, {
    kind: target.served.kind,
    namespace: target.namespace,
    name: pod.metadata.name ?? '',
    dryRun: false,
    change(draft) {
      const status = (draft.status ??= {}) as NonNullable<Pod['status']>;
      const others = (status.conditions ?? []).filter(({ type }) => type !== condition.type);
      status.conditions = [...others, condition] as never;
    },
  });
}

/** Pods that are finished, pending or already going away disturb nobody. */
function needsBudget({ metadata, status }: Pod): boolean {
  const phase = status?.phase ?? 'Pending';
  return metadata.deletionTimestamp === undefined && phase === 'Running';
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

async function takeFromBudget(server: Server, pod: Pod, dryRun: boolean): Promise<void> {
  const { mirror } = await server.caches.of(PodDisruptionBudget as never);
  const budgets = (mirror.list(pod.metadata.namespace) as readonly PodDisruptionBudget[]).filter((budget) =>
    selectorOf(budget.spec.selector, 'nothing').matches(pod.metadata.labels),
  );
  const [budget] = budgets;
  if (!budget) return;
  if (budgets.length > 1)
    throw new ApiError(
      500,
      '',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  if (!isReady(pod) && mayGoUnhealthy(budget)) return;
  await modify(server, {
    kind: PodDisruptionBudget as never,
    namespace: budget.metadata.namespace ?? '',
    name: budget.metadata.name ?? '',
    dryRun,
    change: (draft) =>
      disrupt(draft as Draft & PodDisruptionBudget, pod.metadata.name ?? '', formatTime(server.clock.now())),
  });
}

function mayGoUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  return (status?.currentHealthy ?? 0) >= (status?.desiredHealthy ?? 0) && (status?.desiredHealthy ?? 0) > 0;
}

/** How many disrupted pods a budget may remember before it must be looked at again. */
const mostDisrupted = 2000;
const retryAfterSeconds = 10;

function disrupt(budget: Draft & PodDisruptionBudget, pod: string, now: string): void {
  const { name = '', generation = 0 } = budget.metadata;
  const status = (budget.status ??= {} as never) as NonNullable<PodDisruptionBudget['status']>;
  if ((status.observedGeneration ?? 0) < generation) {
    throw blocked(`The disruption budget ${name} is still being processed by the server.`, retryAfterSeconds);
  }
  if ((status.disruptionsAllowed ?? 0) < 0) throw new ApiError(403, 'Forbidden', 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > mostDisrupted)
    throw new ApiError(
      403,
      'Forbidden',
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  if ((status.disruptionsAllowed ?? 0) === 0) {
    const why = `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`;
    throw blocked(why, 0);
  }
  status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
  status.disruptedPods = { ...status.disruptedPods, [pod]: now };
}

/** Words that name the budget as the cause. */
function blocked(why: string, retryAfter: number): ApiError {
  const refusal = tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfter);
  refusal.status.details = {
    causes: [{ reason: 'DisruptionBudget', message: why }],
    ...(retryAfter > 0 && { retryAfterSeconds: retryAfter }),
  };
  return refusal;
}
