// The scheduler at work: takes pods that wait, decides, and binds them; keeps its snapshot current with every change it hears of.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { formatTime } from '../base/time.ts';
import type { MirrorChange } from '../api/mirror.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import type { Informers } from '../client/informers.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { schedulerAnswers } from './answers.ts';
import { BindError, bindPod } from './bind.ts';
import type { Profile } from './configuration/profile.ts';
import { defaultConfiguration, type SchedulerConfiguration } from './configuration/read.ts';
import { mirrorCluster } from './cluster-mirror.ts';
import { type Decision, decide, nextStart } from './decide.ts';
import { createDecisions, type Decisions } from './decisions.ts';
import { createEventRecorder, type RecordEvent } from './event-recorder.ts';
import { createNominations } from './nominations.ts';
import { type PodInfo, podInfoOf, uidOf } from './pod-info.ts';
import { preempt } from './preempt.ts';
import { planClaims } from './plugins/dynamic-resources.ts';
import { createQueue, type SchedulingQueue } from './queue.ts';
import { noClaims } from './resource-claims.ts';
import { reserveClaims } from './reserve-claims.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';
import { type Finding, planFinding } from './status.ts';
import { claimsOf, planVolumes, type VolumePlan } from './volumes.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Which pods are its own, and how they are scheduled. */
  readonly configuration?: SchedulerConfiguration;
  /** Writes under way at once; default 64. */
  readonly mostInFlight?: number;
  /** Called for what is a bug and no refusal; by default it is logged. */
  onBug?(error: unknown): void;
  /** Default: events.k8s.io events written through the client. */
  readonly event?: RecordEvent;
}

export interface Scheduler {
  readonly decisions: Decisions;
  readonly snapshot: Snapshot;
  /** For those who ask why. */
  readonly answers: ReturnType<typeof schedulerAnswers>;
  readonly queue: Pick<SchedulingQueue, 'counts'>;
  stop(): void;
}

/** Resolves once it has seen all nodes and pods. */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { clock, random, log, informers, configuration = defaultConfiguration, mostInFlight = 64 } = options;
  const profiles = new Map(configuration.profiles.map((profile) => [profile.schedulerName, profile]));
  const client = options.client.as('kube-scheduler');
  const onBug = options.onBug ?? ((error: unknown) => log.error('the scheduler failed', { error: String(error) }));
  const event = options.event ?? createEventRecorder({ client, clock, log });
  const [cluster, nodes, pods] = [await mirrorCluster(informers), await informers.of(Node), await informers.of(Pod)];
  const snapshot = createSnapshot(cluster);
  const nominations = createNominations();
  const decisions = createDecisions();
  const assumed = new Set<string>();
  /** Findings that are being written, by pod. */
  const reports = new Map<string, Promise<unknown>>();
  let start = 0;
  let inFlight = 0;
  let isDue = false;
  let isStopped = false;
  const queue = createQueue({
    ...configuration,
    clock,
    onReady: due,
    view: cluster,
    pluginsFor: (pod) => profileOf(pod).plugins,
  });

  /** Only pods that have one come here. */
  function profileOf({ pod }: PodInfo): Profile {
    return profiles.get(pod.spec?.schedulerName ?? '') ?? (configuration.profiles[0] as Profile);
  }

  /** Never inside the change that made it due: the mirrors finish telling everybody first. */
  function due(): void {
    if (isDue || isStopped) return;
    isDue = true;
    void Promise.resolve().then(work);
  }

  function work(): void {
    isDue = false;
    while (inFlight < mostInFlight && !isStopped) {
      const queued = queue.take();
      if (!queued) return;
      schedule(queued.pod);
    }
  }

  /** Carries something out beside the loop, which goes on when there is room. A refusal by the server is an outcome; anything else is a bug. */
  function carryOut(act: () => Promise<void>): void {
    inFlight++;
    act()
      .catch((error: unknown) => {
        if (error instanceof ApiError) log.debug('the server refused', { error: String(error) });
        else onBug(error);
      })
      .finally(() => {
        inFlight--;
        due();
      });
  }

  function schedule(pod: PodInfo): void {
    if (pod.pod.metadata.deletionTimestamp) {
      const message = `skip schedule deleting pod: ${pod.namespace}/${pod.name}`;
      event(pod.pod, { type: 'Warning', reason: 'FailedScheduling', message, action: 'Scheduling' });
      queue.drop(pod.uid);
      return;
    }
    const { plugins, percentageOfNodesToScore = configuration.percentageOfNodesToScore } = profileOf(pod);
    const decision = decide(snapshot, pod, {
      random,
      start,
      nominated: nominations.byNode(),
      percentageOfNodesToScore,
      plugins,
    });
    start = nextStart(start, decision);
    decisions.add(decision);
    if (decision.node === undefined) wait(pod, decision);
    else place(pod, decision.node);
  }

  function place(pod: PodInfo, node: string): void {
    const { reserves, bindTimeout } = profileOf(pod);
    const plan = reserves.volumes ? volumePlan(pod, node) : { bind: [], provision: [] };
    snapshot.place(pod, node);
    nominations.forget(pod.uid);
    assumed.add(pod.uid);
    const claims = reserves.devices ? planClaims(pod, snapshot.node(node), cluster) : noClaims;
    const unassume = [cluster.assume(plan, node), cluster.assumeClaims(claims)];
    carryOut(async () => {
      try {
        await whenReported(pod.uid);
        await reserveClaims(pod.pod, claims, { client, clock });
        await bindPod(pod, node, plan, { client, clock, cluster, bindTimeout });
        const message = `Successfully assigned ${pod.namespace}/${pod.name} to ${node}`;
        event(pod.pod, { reason: 'Scheduled', message, action: 'Binding' });
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof BindError)) throw error;
        await unplace(pod, error);
      } finally {
        assumed.delete(pod.uid);
        for (const undo of unassume) undo();
      }
    });
  }

  function volumePlan(pod: PodInfo, node: string): VolumePlan {
    const claims = pod.claims.length > 0 ? claimsOf(pod, cluster) : 'none';
    const info = snapshot.node(node);
    const plan = typeof claims === 'string' || !info ? [] : planVolumes(claims, info, cluster);
    return 'bind' in plan ? plan : { bind: [], provision: [] };
  }

  /** Takes back what was assumed; the pod is tried again after a pause, unless it is gone or bound by somebody else. */
  async function unplace(pod: PodInfo, error: Error): Promise<void> {
    assumed.delete(pod.uid);
    const current = pods.get(pod.name, pod.namespace);
    if (current && uidOf(current) === pod.uid && current.spec?.nodeName) return;
    forgetPlace(pod.uid);
    if (!current || uidOf(current) !== pod.uid) return;
    queue.broken(pod.uid);
    queue.put(podInfoOf(current));
    const message = error instanceof ApiError ? `binding rejected: ${error.message}` : error.message;
    await report(podInfoOf(current), { reason: 'SchedulerError', message, nominatedNode: undefined });
  }

  function wait(pod: PodInfo, decision: Decision): void {
    const { preemption, message = '' } = decision;
    const nominatedNode = preemption?.node ?? (decision.withdrawsPromise ? '' : undefined);
    if (preemption) {
      nominations.promise(pod, preemption.node);
      queue.hold(pod.uid);
    } else if (nominatedNode === '') {
      nominations.forget(pod.uid);
    }
    queue.refused(pod.uid, decision.refusedBy);
    carryOut(async () => {
      await report(pod, { reason: 'Unschedulable', message, nominatedNode });
      if (!preemption) return;
      try {
        await displace(pod, preemption.node);
        await preempt(pod, preemption, { client, clock, event, almostDone: () => queue.release(pod.uid) });
      } catch (error) {
        queue.retry(pod.uid);
        throw error;
      }
    });
  }

  /** Pods of lower priority that were promised room there lose the promise. */
  async function displace(pod: PodInfo, node: string): Promise<void> {
    const lower = (nominations.byNode().get(node) ?? []).filter(({ priority }) => priority < pod.priority);
    for (const other of lower) {
      nominations.forget(other.uid);
      const patch = { status: { nominatedNodeName: null } };
      await client.patch(Pod, referenceTo(other.pod), patch, { type: 'strategic', subresource: 'status' });
    }
  }

  async function report({ pod, uid }: PodInfo, finding: Finding): Promise<void> {
    event(pod, { type: 'Warning', reason: 'FailedScheduling', message: finding.message, action: 'Scheduling' });
    const status = planFinding(pod, finding, formatTime(clock.now()));
    if (!status) return;
    const written = whenReported(uid).then(() =>
      client.patch(Pod, referenceTo(pod), { status }, { type: 'strategic', subresource: 'status' }),
    );
    reports.set(uid, written);
    await written.finally(() => reports.get(uid) === written && reports.delete(uid));
  }

  /** What a later try finds is written after what an earlier one did, so that it is what stays. */
  async function whenReported(uid: string): Promise<void> {
    await Promise.allSettled([reports.get(uid)]);
  }

  function forgetPlace(uid: string): void {
    const was = snapshot.placeOf(uid);
    if (!was) return;
    snapshot.remove(uid);
    queue.happened({ name: 'PodGone', pod: was.pod, nodeName: was.node.name });
  }

  function onPod({ object, previous }: MirrorChange<Pod>): void {
    const [now, before] = [object, previous];
    if (before && (!now || uidOf(now) !== uidOf(before))) onPodGone(before);
    if (!now) return;
    if (isFinished(now)) onPodGone(now);
    else if (now.spec?.nodeName) onPodPlaced(now, now.spec.nodeName);
    else if (profiles.has(now.spec?.schedulerName ?? '') && !assumed.has(uidOf(now))) onPodPending(now);
  }

  function onPodGone(pod: Pod): void {
    const uid = uidOf(pod);
    const promised = pod.spec?.nodeName ? undefined : pod.status?.nominatedNodeName;
    queue.drop(uid);
    nominations.forget(uid);
    forgetPlace(uid);
    // Room that was promised to it is free for those it came before.
    if (promised) queue.happened({ name: 'PodGone', pod: podInfoOf(pod), nodeName: promised }, pod.spec?.priority ?? 0);
  }

  function onPodPlaced(pod: Pod, nodeName: string): void {
    const info = podInfoOf(pod);
    const was = snapshot.placeOf(info.uid);
    const isNews = !was || assumed.has(info.uid);
    queue.drop(info.uid);
    nominations.forget(info.uid);
    snapshot.place(info, nodeName);
    if (isNews) queue.happened({ name: 'PodPlaced', pod: info, nodeName });
    else queue.happened({ name: 'PodChanged', pod: info, previous: was.pod, nodeName });
  }

  function onPodPending(pod: Pod): void {
    const info = podInfoOf(pod);
    const nominated = pod.status?.nominatedNodeName;
    if (nominated && nominations.nodeOf(info.uid) !== nominated) nominations.promise(info, nominated);
    queue.put(info);
  }

  function onNode({ object, previous }: MirrorChange<Node>): void {
    if (!object && previous) {
      snapshot.removeNode(previous.metadata.name ?? '');
      queue.happened({ name: 'NodeGone', node: previous });
    }
    if (!object) return;
    snapshot.setNode(object);
    queue.happened(previous ? { name: 'NodeChanged', node: object, previous } : { name: 'NodeAdded', node: object });
  }

  const stops = [
    nodes.subscribe((changes) => changes.forEach(onNode)),
    pods.subscribe((changes) => changes.forEach(onPod)),
    cluster.subscribe((happening) => queue.happened(happening)),
  ];
  for (const node of nodes.list()) onNode({ object: node, previous: undefined });
  for (const pod of pods.list()) onPod({ object: pod, previous: undefined });

  return {
    decisions,
    snapshot,
    answers: schedulerAnswers({
      ...{ snapshot, decisions, random },
      schedulerNames: [...profiles.keys()],
      pluginsFor: (pod) => profileOf(pod).plugins,
    }),
    queue,
    stop() {
      isStopped = true;
      queue.stop();
      for (const stop of stops) stop();
    },
  };
}

const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
