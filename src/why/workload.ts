// Why a Deployment, ReplicaSet, StatefulSet or DaemonSet does not have the pods it wants.

import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { DaemonSet } from '../kinds/apps/daemon-set.ts';
import type { Deployment } from '../kinds/apps/deployment.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import type { StatefulSet } from '../kinds/apps/stateful-set.ts';
import { Pod } from '../kinds/core/pod.ts';
import { isActive, isReady } from '../kinds/core/pod-facts.ts';
import type { Cause, Why } from '../kinds/why/explanation.ts';
import { conditionOf } from '../kinds/conditions.ts';
import { counted, holding, sentence, sinceOf } from './facts.ts';
import { podCauses } from './pod.ts';
import { causeOf, newest, referenceOf, type WhyView } from './view.ts';

export function explainDeployment(deployment: Deployment, view: WhyView): Why {
  const { metadata, spec, status = {} } = deployment;
  const wanted = spec?.replicas ?? 1;
  const sets = view.of(ReplicaSet).ownedBy(deployment);
  const [newest_, ...older] = sets.toSorted((a, b) => revisionOf(b) - revisionOf(a));
  const pods = sets.flatMap((set) => view.of(Pod).ownedBy(set));
  const problems = [
    ...behind(deployment),
    ...failures(deployment, status.conditions, view),
    ...sets.flatMap((set) => failures(set, set.status?.conditions, view, ReplicaSet as never)),
    ...podProblems(pods, view),
  ];
  const since = sinceOf(conditionOf(status.conditions, 'Progressing')?.lastUpdateTime ?? metadata.creationTimestamp);
  const [updated, available] = [status.updatedReplicas ?? 0, status.availableReplicas ?? 0];
  if (spec?.paused) {
    return {
      state: 'Paused',
      ...since,
      verdict: `It is paused: ${updated} of ${wanted} pods are of the newest template.`,
      causes: problems,
    };
  }
  const late = conditionOf(status.conditions, 'Progressing');
  if (late?.status === 'False') {
    return {
      state: late.reason ?? 'Failed',
      ...sinceOf(late.lastTransitionTime),
      verdict: `Not progressing: ${available} of ${wanted} pods available. ${sentence(problems[0]?.message ?? late.message ?? '')}`,
      causes: problems,
      remedies: [
        {
          change: 'go back to the template before',
          command: `kubectl rollout undo deployment/${metadata.name} -n ${metadata.namespace}`,
        },
      ],
    };
  }
  const leftovers = older.filter((set) => (set.status?.replicas ?? 0) > 0);
  if (updated >= wanted && available >= wanted && leftovers.length === 0) {
    return {
      state: 'Available',
      ...since,
      verdict: `${allOf(wanted)} of the newest template and available.`,
    };
  }
  const old = leftovers.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0);
  const rolling = old > 0 ? `, ${counted(old, 'pod')} of older templates ${old === 1 ? 'is' : 'are'} still there` : '';
  return {
    state: 'Progressing',
    ...since,
    verdict: `${updated} of ${wanted} pods are of the newest template${newest_ ? ` (${newest_.metadata.name})` : ''}, ${available} available${rolling}.${problems[0] ? ` ${sentence(problems[0].message)}` : ''}`,
    causes: [...problems, ...pace(deployment, { old, available, wanted })],
  };
}

const revisionOf = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);

/** Whose pods are as they should be. */
const allOf = (wanted: number): string =>
  wanted === 0 ? 'It wants no pods, and none are' : wanted === 1 ? 'Its only pod is' : `All ${wanted} pods are`;

/** Why old pods are not taken away faster. */
function pace(
  { spec }: Deployment,
  { old, available, wanted }: { old: number; available: number; wanted: number },
): readonly Cause[] {
  if (old === 0 || spec?.strategy?.type !== 'RollingUpdate') return [];
  const { maxUnavailable = '25%', maxSurge = '25%' } = spec.strategy.rollingUpdate ?? {};
  return [
    {
      reason: 'RollingUpdate',
      message: `old pods go only while enough are available: ${available} of ${wanted} now, maxUnavailable ${maxUnavailable}, maxSurge ${maxSurge}`,
    },
  ];
}

export function explainReplicaSet(set: ReplicaSet, view: WhyView): Why {
  const { spec, status } = set;
  return explainCount(set, view, {
    wanted: spec?.replicas ?? 1,
    ready: status?.readyReplicas ?? 0,
    problems: failures(set, status?.conditions, view),
    pods: view.of(Pod).ownedBy(set),
  });
}

export function explainDaemonSet(set: DaemonSet, view: WhyView): Why {
  const { status } = set;
  return explainCount(set, view, {
    wanted: status?.desiredNumberScheduled ?? 0,
    ready: status?.numberReady ?? 0,
    problems: failures(set, undefined, view),
    pods: view.of(Pod).ownedBy(set),
  });
}

export function explainStatefulSet(set: StatefulSet, view: WhyView): Why {
  const { spec, status, metadata } = set;
  const pods = view
    .of(Pod)
    .ownedBy(set)
    .toSorted((a, b) => ordinalOf(a) - ordinalOf(b));
  const first = pods.find((pod) => !isReady(pod));
  const wanted = spec?.replicas ?? 1;
  const waits = wanted - pods.length;
  const ordered = spec?.podManagementPolicy !== 'Parallel' && first !== undefined && waits > 0;
  const order: readonly Cause[] = ordered
    ? [
        {
          reason: 'OrderedReady',
          message: `${counted(waits, 'pod')} ${waits === 1 ? 'waits' : 'wait'} for ${first.metadata.name} to be ready: pods of ${metadata.name} start one after the other`,
          about: referenceOf(Pod as never, first),
        },
      ]
    : [];
  return explainCount(set, view, {
    wanted,
    ready: status?.readyReplicas ?? 0,
    problems: [...failures(set, undefined, view), ...podProblems(pods, view).slice(0, 1), ...order],
    pods,
  });
}

const ordinalOf = ({ metadata }: Pod): number => Number(/-(\d+)$/.exec(metadata.name ?? '')?.[1] ?? 0);

interface Count {
  readonly wanted: number;
  readonly ready: number;
  readonly problems: readonly Cause[];
  readonly pods: readonly Pod[];
}

function explainCount(set: KubeObject, view: WhyView, { wanted, ready, problems, pods }: Count): Why {
  const since = sinceOf(set.metadata.creationTimestamp);
  if (ready >= wanted && pods.filter(isActive).length <= wanted) {
    return { state: 'Ready', ...since, verdict: `${allOf(wanted)} ready.` };
  }
  const causes = distinct([...behind(set), ...problems, ...podProblems(pods, view)]);
  return {
    state: 'Progressing',
    ...since,
    verdict: `${ready} of ${wanted} pods are ready.${causes[0] ? ` ${sentence(causes[0].message)}` : ''}`,
    causes,
  };
}

const distinct = (causes: readonly Cause[]): readonly Cause[] => [
  ...new Map(causes.map((cause) => [`${cause.reason} ${cause.message}`, cause])).values(),
];

/** Its controller has not seen the newest spec yet. */
function behind({ metadata, ...rest }: KubeObject): readonly Cause[] {
  const { status } = rest as { status?: { observedGeneration?: number } };
  const { generation = 0 } = metadata;
  if ((status?.observedGeneration ?? 0) >= generation) return [];
  return [{ reason: 'NotObserved', message: 'its controller has not looked at the newest spec yet' }];
}

/** Pods that could not even be made. */
function failures(
  object: KubeObject,
  conditions: Parameters<typeof holding>[0],
  view: WhyView,
  kind?: Kind<never>,
): readonly Cause[] {
  const failed = holding(conditions, 'ReplicaFailure');
  const about = kind && referenceOf(kind, object);
  if (failed) {
    return [
      {
        reason: failed.reason ?? 'FailedCreate',
        message: failed.message ?? '',
        ...sinceOf(failed.lastTransitionTime),
        ...(about && { about }),
      },
    ];
  }
  const event = kind ? undefined : newest(view, object, 'FailedCreate');
  return event ? [causeOf(event)] : [];
}

/** Pods that are not ready. */
const podProblems = (pods: readonly Pod[], view: WhyView): readonly Cause[] =>
  podCauses(
    pods.filter((pod) => isActive(pod) && !isReady(pod)),
    view,
  );
