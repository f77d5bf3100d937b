// The simulated nodes of a cluster: one program that registers them, keeps them alive, and looks after every pod bound to one of them.

import { seconds, type Clock, type Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { bytesOf } from '../base/quantity.ts';
import type { Random } from '../base/random.ts';
import type { Mirror } from '../api/mirror.ts';
import { ApiError, badRequest, notFound } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import type { Informers } from '../client/informers.ts';
import { ConfigMap } from '../kinds/core/config-map.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Secret } from '../kinds/core/secret.ts';
import type { EventText } from '../reconcile/controller.ts';
import type { EventRecorder } from '../reconcile/events.ts';
import type { Kubelets, PodUsage } from '../server/kubelets.ts';
import { hostIpOf, nodeNumberOf, podAddresses, podCidrOf } from './addresses.ts';
import { refusalOf } from './admission.ts';
import { evictedReason, planEviction, pressureRefusal } from './eviction.ts';
import { pressureWatch, type PressureWatch } from './pressure-watch.ts';
import { signals } from './pressure.ts';
import { behaviorErrors, behaviorsUnseen } from './behaviors.ts';
import { containerLog } from './logs.ts';
import { changesOf, defaultMemory, type NodeHealth, type NodeSpec } from './node-object.ts';
import { endAll, readShutdown, shutdownAnnotation, shutdownRefusal } from './node-shutdown.ts';
import { ownUse } from './own-use.ts';
import type { PodHost } from './pod-host.ts';
import { mountsFor } from './pod-mounts.ts';
import { type NodeVolumes, persistentVolumes } from './persistent-volumes.ts';
import { podWorker, type PodWorker } from './pod-worker.ts';
import { recoverPod } from './recovery.ts';
import { grantedPod } from './resize.ts';
import { kubeletsOver, type Placed } from './reach.ts';
import { postConditions, register, renewLease, type Registrant } from './registration.ts';
import type { NodeRuntime } from './runtime.ts';
import { simulatedRuntime } from './simulated-runtime.ts';
import { hashOf, manifestHash, mirrorKey, mirrorOf } from './static-pods.ts';
import { type VolumeContents, volumeContents } from './volume-contents.ts';

export interface SimulatedNodesOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly nodes: readonly NodeSpec[];
  /** Whether nodes say every ten seconds that they are alive; without it a node lifecycle controller takes them for lost. Default true. */
  readonly leases?: boolean;
  /** What persistent volumes hold. Default: nobody else's. */
  readonly contents?: VolumeContents;
}

export interface SimulatedNodes extends Kubelets {
  /** Resolves once all nodes are registered and the pods found on them are taken over. */
  start(): Promise<void>;
  /** The containers are left as they are: a later start finds them in the pods' statuses. */
  stop(): Promise<void>;
  names(): readonly string[];
  add(spec: NodeSpec): Promise<void>;
  /** The machine is taken away; its Node object stays until somebody deletes it. */
  remove(name: string): void;
  /** Its kubelet cannot reach the API server until `reconnect`; its containers run on. */
  disconnect(name: string): void;
  reconnect(name: string): void;
  /** The machine loses power: its containers are gone, and are started again after `powerOn`. */
  powerOff(name: string): void;
  powerOn(name: string): void;
}

interface SimulatedNode extends Registrant {
  readonly workers: Map<string, PodWorker>;
  readonly volumes: NodeVolumes;
  readonly pressure: PressureWatch;
  runtime: NodeRuntime;
  online: boolean;
  /** `done`: the machine is off until its annotation goes. */
  shutdown: 'none' | 'under way' | 'done';
}

const heartbeat = seconds(10);
/** Without changes the whole status is posted every so many heartbeats. */
const statusEvery = 30;

const keyOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;

const isTerminal = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

export function simulatedNodes(options: SimulatedNodesOptions): SimulatedNodes {
  const { clock, random, log, informers, events, leases = true, contents = volumeContents() } = options;
  const client = options.client.as('kubelet');
  const writer = { client, clock };
  const nodes = new Map<string, SimulatedNode>();
  const volumes = persistentVolumes({
    client,
    informers,
    event: (host, about, text) => events.record(about, text, { component: 'kubelet', host }),
  });
  const numbers = new Set<number>();
  let pods: Mirror<Pod> | undefined;
  let objects: Mirror<Node> | undefined;
  let unsubscribe = () => {};
  let timer: Timer | undefined;
  let beats = 0;

  // Nodes

  async function add(spec: NodeSpec): Promise<void> {
    const known = objects?.get(spec.name);
    const number = nodeNumberOf(known?.spec.podCIDR) ?? firstFree();
    numbers.add(number);
    const podCIDR = known?.spec.podCIDR ?? podCidrOf(number);
    const own = random.fork(`node/${spec.name}`);
    const node: SimulatedNode = {
      spec,
      hostIP: hostIpOf(number),
      podCIDR,
      random: own,
      workers: new Map(),
      volumes: volumes.of(spec.name, () => node.online),
      pressure: pressureWatch(clock, bytesOf(spec.memory ?? defaultMemory)),
      runtime: newRuntime(own, podCIDR),
      online: true,
      shutdown: 'none',
    };
    listen(node);
    nodes.set(spec.name, node);
    // Pods that run here already keep their addresses: they come before any new one.
    if (known) for (const pod of podsOf(node)) if (pod.status?.podIP) place(node, pod);
    await register(writer, node, known);
    await beat(node, false);
    for (const pod of podsOf(node)) place(node, pod);
    await mirrorStatics(node);
  }

  function newRuntime(own: Random, podCIDR: string): NodeRuntime {
    return simulatedRuntime({ clock, random: own, addresses: podAddresses(podCIDR), contents });
  }

  function listen({ runtime, workers }: SimulatedNode): void {
    runtime.onExit((exit) => {
      for (const worker of workers.values()) worker.exited(exit);
    });
  }

  function firstFree(): number {
    let number = 0;
    while (numbers.has(number)) number++;
    return number;
  }

  // Heartbeats

  function scheduleBeat(): void {
    timer = clock.after(heartbeat, () => {
      beats++;
      void beatAll(beats % statusEvery === 0).then(() => timer && scheduleBeat());
    });
  }

  async function beatAll(full: boolean): Promise<void> {
    for (const node of nodes.values()) {
      if (node.online) await beat(node, full);
      else if (node.shutdown === 'done' && !objects?.get(node.spec.name)?.metadata.annotations?.[shutdownAnnotation])
        powerOn(node);
    }
  }

  async function beat(node: SimulatedNode, full: boolean): Promise<void> {
    try {
      const object = objects?.get(node.spec.name);
      if (!object) return;
      await renewLease(writer, object);
      relieve(node, object);
      heedShutdown(node, object);
      await mirrorStatics(node);
      const changes = changesOf(object, healthOf(node));
      if (full || changes.length > 0) await postConditions(writer, object, healthOf(node));
      for (const reason of changes)
        tell(object, { reason, message: `Node ${node.spec.name} status is now: ${reason}` });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log.warn('a node could not report that it is alive', { node: node.spec.name, error: error.message });
    }
  }

  const tell = (object: Node, text: EventText): void =>
    events.record({ ...object, kind: 'Node', apiVersion: 'v1' }, text, {
      component: 'kubelet',
      host: object.metadata.name ?? '',
    });

  /** Evicts a pod where the node runs short of something. */
  function relieve(node: SimulatedNode, object: Node): void {
    const live = [...node.workers.values()].filter(
      ({ record, pod }) => !record.ending && !record.rejected && !isTerminal(pod()),
    );
    const candidates = live.map((worker) => ({ worker, pod: worker.pod(), usage: usageIn(node, worker) }));
    const told = node.pressure.observe(object, candidates);
    for (const message of told.errors) tell(object, { type: 'Warning', reason: 'InvalidPressure', message });
    if (!told.shortage) return;
    const message = `Attempting to reclaim ${signals[told.shortage.of].resource}`;
    tell(object, { type: 'Warning', reason: 'EvictionThresholdMet', message });
    const eviction = planEviction(told.shortage, candidates);
    const chosen = candidates.find(({ pod }) => pod === eviction?.pod);
    if (!eviction || !chosen) return;
    const { message: why, annotations } = eviction;
    hostOf(node).event(chosen.pod, { type: 'Warning', reason: evictedReason, message: why, annotations });
    const grace = evictionGrace;
    chosen.worker.end({ since: clock.now(), grace, reason: evictedReason, message: why, disrupts: true });
  }

  const healthOf = ({ pressure, shutdown }: SimulatedNode): NodeHealth => ({
    ...pressure.health(),
    shutsDown: shutdown !== 'none',
  });

  /** Begins a graceful shutdown where the node's annotation says so. */
  function heedShutdown(node: SimulatedNode, object: Node): void {
    const periods = readShutdown(object.metadata.annotations?.[shutdownAnnotation] ?? '');
    if (!periods || node.shutdown !== 'none') return;
    node.shutdown = 'under way';
    tell(object, { reason: 'Shutdown', message: 'Shutdown manager detected shutdown event' });
    const goes = () => node.online && nodes.get(node.spec.name) === node;
    void endAll([...node.workers.values()], periods, { clock, goes }).then(async () => {
      // What the last ones came to is still told.
      await clock.sleep(seconds(1));
      if (!goes()) return;
      node.shutdown = 'done';
      silence(node);
    });
  }

  /** Makes the mirrors of static pods that are not there. */
  async function mirrorStatics(node: SimulatedNode): Promise<void> {
    const object = objects?.get(node.spec.name);
    if (!object || !node.online || node.shutdown !== 'none') return;
    for (const manifest of node.spec.staticPods ?? []) {
      const hash = manifestHash(manifest, node.random);
      const mirror = mirrorOf(manifest, { node: object, hash, now: clock.now() });
      const { name = '', namespace = '' } = mirror.metadata;
      const known = pods?.get(name, namespace);
      const isStale = known && (hashOf(known) !== hash || (isTerminal(known) && !node.workers.has(keyOf(known))));
      if (isStale) await letGo(known);
      else if (!known) await writeMirror(mirror);
    }
  }

  async function writeMirror(mirror: Pod): Promise<void> {
    try {
      await client.create(Pod, mirror);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log.warn('a static pod has no mirror', { pod: keyOf(mirror), error: error.message });
    }
  }

  const isStatic = ({ spec }: SimulatedNode, pod: Pod): boolean =>
    hashOf(pod) !== undefined && (spec.staticPods ?? []).some((each) => mirrorKey(each, spec.name) === keyOf(pod));

  // Pods

  const podsOf = (node: SimulatedNode): readonly Pod[] => pods?.indexed(byNode, node.spec.name) ?? [];

  function changed(pod: Pod | undefined, previous: Pod | undefined): void {
    const node = nodes.get((pod ?? previous)?.spec.nodeName ?? '');
    if (!node?.online) return;
    if (pod) place(node, pod);
    else if (previous && isStatic(node, previous)) void mirrorStatics(node);
    else if (previous) displace(node, keyOf(previous));
  }

  function place(node: SimulatedNode, pod: Pod, rebooted = false): void {
    const known = node.workers.get(keyOf(pod));
    // A static pod runs on whatever becomes of its mirror.
    if (isStatic(node, pod)) {
      if (pod.metadata.deletionTimestamp) return void letGo(pod);
      if (known && hashOf(known.pod()) === hashOf(pod)) return known.update(pod);
    }
    if (known && known.pod().metadata.uid === pod.metadata.uid) {
      const ended = isTerminal(pod) && !isTerminal(known.pod());
      known.update(pod);
      if (ended) retryResizes(node);
      return;
    }
    if (known) displace(node, keyOf(pod));
    if (!isTerminal(pod)) takeOn(node, pod, rebooted);
    else if (pod.metadata.deletionGracePeriodSeconds) void letGo(pod);
  }

  /** An ended pod that still waits to be deleted, because an earlier run was stopped just before. */
  async function letGo(pod: Pod): Promise<void> {
    try {
      await client.delete(Pod, referenceTo(pod), {
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid ?? '' },
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log.warn('an ended pod could not be deleted', { pod: keyOf(pod), error: error.message });
    }
  }

  function takeOn(node: SimulatedNode, pod: Pod, rebooted: boolean): void {
    const { record, sandbox, running } = recoverPod(pod, clock.now(), rebooted);
    const refusal = sandbox || rebooted ? undefined : refusalFor(node, pod);
    if (refusal) record.rejected = { reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` };
    const worker = podWorker(pod, record, hostOf(node));
    node.workers.set(keyOf(pod), worker);
    if (refusal) hostOf(node).event(pod, { type: 'Warning', ...refusal });
    if (!sandbox) explainBehaviors(node, pod);
    if (sandbox) {
      const mounts = () => mountsFor({ host: hostOf(node), record, pod: worker.pod });
      node.runtime.recover(
        sandbox,
        running.map((each) => ({ ...each, mounts })),
      );
      void node.volumes.adopt(pod);
    }
    worker.resize();
    worker.wake();
  }

  function explainBehaviors(node: SimulatedNode, pod: Pod): void {
    const { event } = hostOf(node);
    for (const message of behaviorErrors(pod)) event(pod, { type: 'Warning', reason: 'InvalidBehavior', message });
    for (const message of behaviorsUnseen(pod)) event(pod, { type: 'Warning', reason: 'BehaviorUnseen', message });
  }

  function refusalFor(node: SimulatedNode, pod: Pod) {
    const object = objects?.get(node.spec.name);
    const others = [...node.workers.values()].filter(
      (worker) =>
        !worker.record.rejected && !isTerminal(worker.pod()) && worker.pod().metadata.uid !== pod.metadata.uid,
    );
    const held = others.map((worker) => grantedPod(worker.pod(), worker.record));
    const { pressures } = node.pressure.health();
    if (node.shutdown !== 'none') return shutdownRefusal;
    return object && (pressureRefusal(pod, pressures) ?? refusalOf(pod, object, held));
  }

  function displace(node: SimulatedNode, key: string): void {
    node.workers.get(key)?.forget();
    node.workers.delete(key);
    retryResizes(node);
  }

  /** Somebody left: there may be room for what others wait for, the more important first. */
  function retryResizes(node: SimulatedNode): void {
    const waiting = [...node.workers.values()].filter(({ record }) => record.resize.pending);
    const priorityOf = ({ pod }: PodWorker): number => pod().spec.priority ?? 0;
    for (const worker of waiting.sort((a, b) => priorityOf(b) - priorityOf(a))) worker.resize();
  }

  function hostOf(node: SimulatedNode): PodHost {
    const source = { component: 'kubelet', host: node.spec.name };
    return {
      clock,
      log,
      client,
      runtime: node.runtime,
      volumes: node.volumes,
      facts: { hostIP: node.hostIP, runtime: node.runtime.name },
      event: (about, text) => events.record({ apiVersion: 'v1', kind: 'Pod', ...about }, text, source),
      async sources(namespace) {
        const [configMaps, secrets] = await Promise.all([informers.of(ConfigMap), informers.of(Secret)]);
        return { configMap: (name) => configMaps.get(name, namespace), secret: (name) => secrets.get(name, namespace) };
      },
      refusal: (pod) => refusalFor(node, pod),
      online: () => node.online,
    };
  }

  function workerOf(namespace: string, name: string): { node: SimulatedNode; worker: PodWorker } {
    const node = nodes.get(pods?.get(name, namespace)?.spec.nodeName ?? '');
    const worker = node?.workers.get(`${namespace}/${name}`);
    if (!node || !worker) throw notFound({ group: '', resource: 'pods' }, name);
    return { node, worker };
  }

  const placedOn = (node: SimulatedNode): Placed[] =>
    [...node.workers.values()].map((worker) => ({ worker, host: hostOf(node) }));

  const named = (name: string): SimulatedNode => {
    const node = nodes.get(name);
    if (!node) throw new RangeError(`there is no simulated node "${name}"`);
    return node;
  };

  function reconnect(node: SimulatedNode, rebooted: boolean): void {
    node.online = true;
    if (rebooted) node.volumes.rebooted();
    node.volumes.reconnected();
    const present = podsOf(node);
    const keys = new Set(present.map(keyOf));
    for (const key of node.workers.keys()) if (!keys.has(key)) displace(node, key);
    for (const pod of present) place(node, pod, rebooted);
    void beat(node, true);
  }

  function powerOn(node: SimulatedNode): void {
    node.runtime = newRuntime(node.random.fork(`boot/${clock.now()}`), node.podCIDR);
    node.shutdown = 'none';
    listen(node);
    reconnect(node, true);
  }

  function silence(node: SimulatedNode): void {
    for (const worker of node.workers.values()) worker.stop();
    node.workers.clear();
    node.runtime.halt();
    node.online = false;
  }

  return {
    async start() {
      [pods, objects] = await Promise.all([informers.of(Pod), informers.of(Node)]);
      if (!pods.hasIndex(byNode)) pods.index(byNode, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
      for (const { spec } of objects.list()) numbers.add(nodeNumberOf(spec.podCIDR) ?? -1);
      unsubscribe = pods.subscribe((changes) => {
        for (const { object, previous } of changes) changed(object, previous);
      });
      for (const spec of options.nodes) await add(spec);
      if (leases) scheduleBeat();
    },

    async stop() {
      unsubscribe();
      timer?.cancel();
      timer = undefined;
      for (const node of nodes.values()) silence(node);
      volumes.stop();
      nodes.clear();
    },

    names: () => [...nodes.keys()],
    add,

    remove(name) {
      silence(named(name));
      volumes.forget(name);
      nodes.delete(name);
    },

    disconnect: (name) => void (named(name).online = false),
    reconnect: (name) => reconnect(named(name), false),
    powerOff: (name) => silence(named(name)),

    powerOn: (name) => powerOn(named(name)),

    ...kubeletsOver({
      placed(namespace, name) {
        const { node, worker } = workerOf(namespace, name);
        return { worker, host: hostOf(node) };
      },
      all: () => [...nodes.values()].flatMap(placedOn),
      on(name) {
        const node = nodes.get(name);
        return node?.online ? placedOn(node) : undefined;
      },
    }),

    logs(namespace, name, logOptions) {
      const ended = pods?.get(name, namespace);
      // A pod that ended before this program began has no containers here any more.
      if (ended && isTerminal(ended) && !nodes.get(ended.spec.nodeName ?? '')?.workers.has(keyOf(ended)))
        throw badRequest(`unable to retrieve container logs for ${ended.status?.containerStatuses?.[0]?.containerID}`);
      const { node, worker } = workerOf(namespace, name);
      const { runtime, hostIP } = node;
      return containerLog({
        worker,
        runtime,
        facts: { hostIP, runtime: runtime.name },
        options: logOptions,
        now: clock.now(),
      });
    },

    usage: () =>
      [...nodes.values()]
        .filter(({ online }) => online)
        .map((node) => ({
          node: node.spec.name,
          own: ownUse,
          pods: [...node.workers.values()].flatMap((worker) => usageOf(node, worker)),
        })),
  };
}

const byNode = 'node/spec.nodeName';

/** What an evicted pod gets to end by itself. */
const evictionGrace = seconds(1);

function usageOf(node: SimulatedNode, worker: PodWorker): PodUsage[] {
  const { name = '', namespace = '' } = worker.pod().metadata;
  const containers = usageIn(node, worker);
  return containers.length > 0 ? [{ namespace, name, containers }] : [];
}

const usageIn = ({ runtime }: SimulatedNode, { record }: PodWorker): PodUsage['containers'] =>
  record.containers.flatMap(({ container, state }) => {
    const usage = state.is === 'running' ? runtime.usage(state.id) : undefined;
    return usage ? [{ name: container.name, cpu: usage.cpu, memory: usage.memory }] : [];
  });
