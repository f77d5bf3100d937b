// When a Job has failed or succeeded by its own rules: failure policy, success policy, limits.

import type { Job } from '../../kinds/batch/job.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type {
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../kinds/generated/types/batch-v1.ts';
import type { ContainerStatus } from '../../kinds/generated/types/core-v1.ts';
import { type Indexes, parseIndexes } from './indexes.ts';

export interface Verdict {
  readonly action: PodFailurePolicyRule['action'];
  readonly message: string;
}

/** What the first matching rule of the pod failure policy says about a failed pod. No rule: it counts. */
export function failureVerdict(job: Job, pod: Pod): Verdict {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchOf(rule, pod);
    if (match) return { action: rule.action, message: `${match} matching ${rule.action} rule at index ${index}` };
  }
  return { action: 'Count', message: '' };
}

function matchOf({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const about = `${pod.metadata.namespace}/${pod.metadata.name}`;
  if (onExitCodes) {
    const container = exited(pod).find((status) => matchesExit(onExitCodes, status));
    return (
      container &&
      `Container ${container.name} for pod ${about} failed with exit code ${container.state?.terminated?.exitCode}`
    );
  }
  const pattern = onPodConditions?.find(({ type, status = 'True' }) =>
    pod.status?.conditions?.some((condition) => condition.type === type && condition.status === status),
  );
  return pattern && `Pod ${about} has condition ${pattern.type}`;
}

const exited = ({ status }: Pod): ContainerStatus[] =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].filter(
    ({ state }) => state?.terminated,
  );

function matchesExit(
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
  { name, state }: ContainerStatus,
): boolean {
  const code = state?.terminated?.exitCode ?? 0;
  if (code === 0 || (containerName && containerName !== name)) return false;
  return values.includes(code) === (operator === 'In');
}

/** The message of the first rule of the success policy that the succeeded indexes meet. */
export function metSuccessPolicy(job: Job, succeeded: Indexes): string | undefined {
  const rules = job.spec.successPolicy?.rules ?? [];
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeeded.size >= (succeededCount ?? Number.POSITIVE_INFINITY);
    const listed = [...parseIndexes(succeededIndexes, job.spec.completions ?? 0)];
    return listed.filter((index) => succeeded.has(index)).length >= (succeededCount ?? listed.length);
  });
  return met < 0 ? undefined : `Matched rules at index ${met}`;
}

/** With restartPolicy OnFailure, restarts of containers count as failures. */
export function pastRestarts(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const limit = job.spec.backoffLimit ?? 6;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const each of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += each.restartCount;
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** Pods are replaced only once they are really Failed, not already while they terminate. */
export const replacesFailedOnly = (job: Job): boolean => job.spec.podReplacementPolicy === 'Failed';

/** A pod that was deleted before it ended counts as failed, or it would never be counted. */
export const hasFailed = (job: Job, { metadata, status }: Pod): boolean =>
  status?.phase === 'Failed' ||
  (!replacesFailedOnly(job) && metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded');
