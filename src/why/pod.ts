// Why a pod waits, restarts, is not ready, stays or goes; and why it runs where it runs.

import { type Instant, minutes } from '../base/clock.ts';
import { spokenDuration } from '../base/duration.ts';
import { parseTime } from '../base/time.ts';
import type { ContainerStateTerminated, ContainerStatus } from '../kinds/generated/types/core-v1.ts';
import type { Event } from '../kinds/core/event.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { isReady, podCondition } from '../kinds/core/pod-facts.ts';
import type { Cause, Remedy, Why } from '../kinds/why/explanation.ts';
import { isNodeReady } from '../kinds/core/node-facts.ts';
import { sentence, sinceInstant, sinceOf } from './facts.ts';
import { claimCauses } from './claim.ts';
import { explainUnplaced, placedCauses } from './placement.ts';
import { causeOf, deletionCause, type Departure, newest, referenceOf, type WhyView } from './view.ts';

/** The first reading that fits is the answer. */
const readings: readonly ((pod: Pod, view: WhyView) => Why | undefined)[] = [
  going,
  finished,
  explainUnplaced,
  unreachable,
  held,
  waiting,
  unready,
];

export function explainPod(pod: Pod, view: WhyView): Why {
  for (const reading of readings) {
    const why = reading(pod, view);
    if (why) return why;
  }
  return running(pod, view);
}

/** So many pods are told of where they are part of something else. */
const podsTold = 5;

/** Pods as causes of what is wrong with something else, each with its own why. */
export const podCauses = (pods: readonly Pod[], view: WhyView): readonly Cause[] =>
  pods.slice(0, podsTold).map((pod) => {
    const { state, verdict, since } = explainPod(pod, view);
    const message = `pod ${pod.metadata.name}: ${verdict}`;
    return { reason: state, message, ...sinceOf(since), about: referenceOf(Pod as never, pod) };
  });

/** What is left to say about a pod that is no more. */
export function explainGone({ object, at }: Departure, view: WhyView): Why {
  const pod = object as Pod;
  const causes = [...disruption(pod), ...deletionCause(view, pod), ...lastEvents(pod, view)];
  const [first] = causes;
  return {
    state: 'Gone',
    ...sinceInstant(at),
    verdict: first ? sentence(first.message) : 'It is no more; nobody was seen who asked for that.',
    causes,
  };
}

const lastEvents = (pod: Pod, view: WhyView): readonly Cause[] =>
  view
    .events(pod)
    .filter(({ type, reason }) => type === 'Warning' || reason === 'Preempted' || reason === 'TaintManagerEviction')
    .slice(0, 3)
    .map((event) => causeOf(event));

/** The condition that says that the pod must go, and by whom. */
function disruption(pod: Pod): readonly Cause[] {
  const target = podCondition(pod, 'DisruptionTarget');
  if (target?.status !== 'True') return [];
  const { reason = 'DisruptionTarget', message = '', lastTransitionTime } = target;
  return [{ reason, message, ...sinceOf(lastTransitionTime) }];
}

// On its way out

function going(pod: Pod, view: WhyView): Why | undefined {
  const { deletionTimestamp, finalizers = [], name = '', namespace = '' } = pod.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const due = parseTime(deletionTimestamp) ?? view.now;
  const grace = pod.metadata.deletionGracePeriodSeconds ?? 0;
  const common = {
    state: 'Terminating',
    ...sinceInstant(due - grace * 1000),
  };
  const causes = [...disruption(pod), ...deletionCause(view, pod)];
  const node = pod.spec?.nodeName ? view.of(Node).get(pod.spec.nodeName) : undefined;
  if (pod.spec?.nodeName && !(node && isNodeReady(node))) {
    const lost = pod.spec.nodeName;
    const why = node ? `does not answer, so nobody can confirm that its containers stopped` : 'is no more';
    return {
      ...common,
      verdict: `Stuck: its node ${lost} ${why}.`,
      causes: [{ reason: node ? 'NodeNotReady' : 'NodeGone', message: `node ${lost} ${why}` }, ...causes],
      remedies: [
        {
          change: `say that ${lost} is out of service, if it is switched off`,
          effect: 'its pods are deleted and its volumes detached at once',
          command: `kubectl taint node ${lost} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`,
        },
        {
          change: 'delete the pod by force',
          effect: 'its name is free again; if the node still runs it, there are two',
          command: `kubectl delete pod ${name} -n ${namespace} --force --grace-period=0`,
        },
      ],
    };
  }
  const left = due - view.now;
  if (left > 0) {
    return { ...common, verdict: `Stopping: its containers have ${spokenDuration(left)} left of ${grace} s.`, causes };
  }
  if (finalizers.length > 0) {
    return {
      ...common,
      verdict: `Its containers are stopped; it stays until ${finalizers.length === 1 ? 'its finalizer' : 'its finalizers'} ${finalizers.join(', ')} ${finalizers.length === 1 ? 'is' : 'are'} taken away.`,
      causes: [...finalizers.map((each) => ({ reason: 'Finalizer', message: `held by ${each}` })), ...causes],
    };
  }
  return { ...common, verdict: 'Its time is over; the node is stopping its containers.', causes };
}

// At its end

function finished(pod: Pod, view: WhyView): Why | undefined {
  const { phase, reason, message } = pod.status ?? {};
  if (phase !== 'Succeeded' && phase !== 'Failed') return undefined;
  const ends = statusesOf(pod).flatMap(({ name, state }) =>
    state?.terminated ? [{ name, end: state.terminated }] : [],
  );
  const last = ends
    .map(({ end }) => end.finishedAt ?? '')
    .sort()
    .at(-1);
  const common = { state: reason || phase, ...sinceOf(last) };
  if (phase === 'Succeeded') return { ...common, verdict: 'It ran to its end; every container exited with 0.' };
  const causes = [
    ...disruption(pod),
    ...(reason || message ? [{ reason: reason || 'Failed', message: message || reason || '' }] : []),
    ...ends.filter(({ end }) => end.exitCode !== 0).map(({ name, end }) => exitCause(name, end)),
    ...deletionCause(view, pod),
  ];
  return { ...common, verdict: sentence(causes[0]?.message ?? 'it failed'), causes };
}

// Where it is, but not running

function unreachable(pod: Pod, view: WhyView): Why | undefined {
  const name = pod.spec?.nodeName ?? '';
  const node = view.of(Node).get(name);
  if (node && isNodeReady(node)) return undefined;
  const since = node?.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return {
    state: node ? 'NodeNotReady' : 'NodeGone',
    ...sinceOf(since),
    verdict: node
      ? `Its node ${name} is not ready: what its containers do is not known.`
      : `It is bound to node ${name}, which is not there.`,
    causes: [
      ...(node
        ? [{ reason: 'NodeNotReady', message: `node ${name} is not ready`, about: referenceOf(Node as never, node) }]
        : []),
      ...disruption(pod),
    ],
  };
}

/** Volumes that are not there, and so no container can start. */
function held(pod: Pod, view: WhyView): Why | undefined {
  if (pod.status?.phase !== 'Pending' || hasBegun(pod)) return undefined;
  const event = newest(view, pod, 'FailedMount', 'FailedAttachVolume');
  const claims = claimCauses(pod, view);
  if (!event && claims.length === 0) return undefined;
  const causes = [...(event ? [causeOf(event)] : []), ...claims];
  return { state: 'ContainerCreating', ...startOf(pod), verdict: sentence(causes[0]?.message ?? ''), causes };
}

const hasBegun = (pod: Pod): boolean =>
  statusesOf(pod).some(({ state, restartCount }) => state?.running || state?.terminated || restartCount > 0);

/** A container that waits: for its image, its settings, or the end of its back-off. */
function waiting(pod: Pod, view: WhyView): Why | undefined {
  const stuck = statusesOf(pod).find(({ state }) => state?.waiting && !ordinary.has(state.waiting.reason ?? ''));
  if (stuck?.state?.waiting) return waitingFor(pod, view, stuck);
  if (pod.status?.phase !== 'Pending') return undefined;
  const init = (pod.status.initContainerStatuses ?? []).find(({ state }) => !state?.terminated);
  if (init) {
    const verb = init.state?.running ? 'runs' : 'is being started';
    return {
      state: 'Initializing',
      ...startOf(pod),
      verdict: `Its init container ${init.name} ${verb}; the others come after it.`,
    };
  }
  return {
    state: 'ContainerCreating',
    ...startOf(pod),
    verdict: `Node ${pod.spec?.nodeName} is starting its containers.`,
  };
}

/** On the way, nothing wrong. */
const ordinary = new Set(['', 'ContainerCreating', 'PodInitializing']);

function waitingFor(pod: Pod, view: WhyView, { name, state, lastState, restartCount }: ContainerStatus): Why {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const end = lastState?.terminated;
  const since = end?.finishedAt ?? startOf(pod).since;
  const common = { state: reason, ...sinceOf(since) };
  if (reason !== 'CrashLoopBackOff' || !end) {
    return {
      ...common,
      verdict: sentence(`container ${name}: ${message || reason}`),
      causes: [{ reason, message: `container ${name}: ${message || reason}` }],
    };
  }
  const killed = killCause(pod, view, name);
  const causes = [
    ...(killed ? [killed] : []),
    exitCause(name, end),
    { reason, message: `it is started again after a back-off that doubles up to 5 minutes: ${message}` },
  ];
  return {
    ...common,
    verdict: `Container ${name} keeps ending: ${killed ? killed.message : endText(end)}; restarted ${restartCount} times.`,
    causes,
    remedies: restartRemedies(pod, name, end),
  };
}

/** A kubelet that kills says so first. */
function killCause(pod: Pod, view: WhyView, container: string): Cause | undefined {
  const event = probeEvent(pod, view, container, /^(Liveness|Startup) probe/);
  return event && causeOf(event);
}

/** What was last said of a container's probe. */
const probeEvent = (pod: Pod, view: WhyView, container: string, said: RegExp): Event | undefined =>
  view
    .events(pod)
    .find(
      ({ reason, involvedObject, message }) =>
        reason === 'Unhealthy' &&
        involvedObject.fieldPath === `spec.containers{${container}}` &&
        said.test(message ?? ''),
    );

function restartRemedies(pod: Pod, container: string, end: ContainerStateTerminated): readonly Remedy[] {
  const logs = {
    change: 'read what it said before it ended',
    command: `kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} -c ${container} --previous`,
  };
  const limit = pod.spec?.containers.find(({ name }) => name === container)?.resources?.limits?.['memory'];
  if (end.reason !== 'OOMKilled' || limit === undefined) return [logs];
  return [{ change: `a memory limit above ${limit} for container ${container}` }, logs];
}

// Running, but not ready

function unready(pod: Pod, view: WhyView): Why | undefined {
  if (isReady(pod)) return undefined;
  const ready = podCondition(pod, 'Ready');
  const late = statusesOf(pod, 'main').filter((status) => !status.ready);
  const probes = late.flatMap(({ name, started }) => probeCauses(pod, view, { name, started: started !== false }));
  const gates = (pod.spec?.readinessGates ?? [])
    .filter(({ conditionType }) => podCondition(pod, conditionType)?.status !== 'True')
    .map(({ conditionType }) => ({ reason: 'ReadinessGate', message: `condition ${conditionType} is not True` }));
  const causes = [...probes, ...(late.length === 0 ? gates : [])];
  const [first] = causes;
  return {
    state: 'NotReady',
    ...sinceOf(ready?.lastTransitionTime),
    verdict: sentence(first?.message ?? ready?.message ?? 'it is not ready'),
    causes,
  };
}

function probeCauses(pod: Pod, view: WhyView, { name, started }: { name: string; started: boolean }): readonly Cause[] {
  const which = started ? 'Readiness' : 'Startup';
  const container = pod.spec?.containers.find((each) => each.name === name);
  const probe = started ? container?.readinessProbe : container?.startupProbe;
  const event = probeEvent(pod, view, name, new RegExp(`^${which} probe`));
  if (event) return [{ ...causeOf(event), message: `container ${name}: ${causeOf(event).message}` }];
  if (!probe) return [{ reason: 'NotStarted', message: `container ${name} does not run` }];
  return [
    { reason: 'ProbePending', message: `container ${name}: its ${which.toLowerCase()} probe has not succeeded yet` },
  ];
}

// All is well

function running(pod: Pod, view: WhyView): Why {
  const ready = podCondition(pod, 'Ready');
  const causes = [...placedCauses(pod, view), ...restarts(pod, view)];
  const placement = view.scheduler.placed(pod);
  return {
    state: 'Running',
    ...sinceOf(ready?.lastTransitionTime),
    verdict: `It runs on ${pod.spec?.nodeName} and is ready.`,
    causes,
    ...(placement && { placement }),
  };
}

function restarts(pod: Pod, view: WhyView): readonly Cause[] {
  return statusesOf(pod).flatMap(({ name, restartCount, lastState }) => {
    const end = lastState?.terminated;
    if (restartCount === 0 || !end) return [];
    const ago = agoOf(end.finishedAt, view.now);
    const message = `container ${name} was restarted ${restartCount} times, last${ago} after it ended: ${endText(end)}`;
    return [{ reason: 'Restarted', message, ...sinceOf(end.finishedAt) }];
  });
}

const agoOf = (time: string | undefined, now: Instant): string => {
  const then = time ? parseTime(time) : undefined;
  return then === undefined || now - then < minutes(1) ? '' : ` ${spokenDuration(now - then)} ago`;
};

// Words

function statusesOf({ status }: Pod, which: 'all' | 'main' = 'all'): readonly ContainerStatus[] {
  const main = status?.containerStatuses ?? [];
  return which === 'main' ? main : [...(status?.initContainerStatuses ?? []), ...main];
}

const startOf = ({ status, metadata }: Pod) => sinceOf(status?.startTime ?? metadata.creationTimestamp);

const exitCause = (container: string, end: ContainerStateTerminated): Cause => ({
  reason: end.reason || 'Error',
  message: `container ${container} ended: ${endText(end)}`,
  ...sinceOf(end.finishedAt),
});

/** What exit codes mean by custom. */
const exitMeanings: Readonly<Record<number, string>> = {
  126: 'its command cannot be executed',
  127: 'its command was not found',
  137: 'killed (SIGKILL)',
  139: 'a segmentation fault',
  143: 'told to stop (SIGTERM)',
};

function endText({ exitCode, reason, message }: ContainerStateTerminated): string {
  if (reason === 'OOMKilled') return 'it used more memory than its limit (OOMKilled)';
  const meaning = exitMeanings[exitCode];
  return `exit code ${exitCode}${meaning ? `, ${meaning}` : ''}${message ? `: ${message.trim()}` : ''}`;
}
