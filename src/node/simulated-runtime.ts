// Containers that do not run: a table of what starts when, says what, and ends how. Delays are paced by the seed; docs/behaviors.md says what decides.

import { utf8 } from '../base/bytes.ts';
import { type Clock, type Instant, minutes } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { ProxyAnswer, ProxyRequest } from '../server/kubelets.ts';
import type { PodAddresses } from './addresses.ts';
import { behaviorOf } from './behaviors.ts';
import { between, paces, type Span } from './pace.ts';
import {
  type ContainerExit,
  type Image,
  type NodeRuntime,
  type ProbeAnswer,
  PullError,
  RuntimeFailure,
  type Sandbox,
} from './runtime.ts';
import { answerOf, httpOverBytes, listensAt } from './http-endpoint.ts';
import { aborted, pause } from './shell/waiting.ts';
import { lateClock } from './late-clock.ts';
import {
  emptyDisks,
  lastWordsOf,
  runCommand,
  runHook,
  runOwnProgram,
  runProbe,
  runsProbe,
} from './simulated-command.ts';
import {
  exitWith,
  fateOf,
  guessOf,
  isServer,
  memoryUse,
  newEntry,
  overSignal,
  plainEnvironment,
  processorUse,
  type Entry,
} from './simulated-container.ts';
import { failureText, standingTowards, takesItsTime, timeoutOf } from './simulated-probe.ts';
import { type VolumeContents, volumeContents } from './volume-contents.ts';
import { fullName, hex, imageOf, isUnresolvable, pullFailure } from './simulated-images.ts';

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  /** This node's own. */
  readonly random: Random;
  readonly addresses: PodAddresses;
  /** What persistent volumes hold. Default: this runtime's own. */
  readonly contents?: Pick<VolumeContents, 'treeOf'>;
}

const success = (steadyUntil: Instant): ProbeAnswer => ({ success: true, output: '', steadyUntil });

/** How long somebody waits for an answer that never comes. */
const silence = minutes(10);

export function simulatedRuntime({
  clock,
  random,
  addresses,
  contents = volumeContents(),
}: SimulatedRuntimeOptions): NodeRuntime {
  const entries = new Map<string, Entry>();
  const images = new Map<string, Image>();
  const listeners = new Set<(exit: ContainerExit) => void>();
  const disks = emptyDisks(contents);
  const chance = random.fork('pace');
  const take = (span: Span) => clock.sleep(between(chance, span));

  const entryOf = (id: string): Entry => {
    const entry = entries.get(id);
    if (!entry) throw new Error(`the simulated runtime has no container ${id}`);
    return entry;
  };

  function end(entry: Entry, exit: Omit<ContainerExit, 'container' | 'at' | 'message'>, at = clock.now()): void {
    if (entry.exit) return;
    entry.timer?.cancel();
    entry.output.close(at);
    const message = lastWordsOf(entry, disks);
    const ended = { container: entry.id, at, ...exit, ...(message && { message }) };
    entry.exit = ended;
    for (const listener of listeners) listener(ended);
    entry.over?.abort();
  }

  function begin(entry: Entry, startedAt: Instant): void {
    entry.startedAt = startedAt;
    awaitFate(entry, startedAt);
    if (entry.command) void runOwn(entry, entry.command, startedAt);
    else say(entry, startedAt);
  }

  function awaitFate(entry: Entry, startedAt: Instant): void {
    entry.timer?.cancel();
    const fate = fateOf(entry);
    if (!fate || fate.after === Infinity) return;
    const at = startedAt + fate.after;
    entry.timer = clock.after(Math.max(at - clock.now(), 0), () => end(entry, fate.exit, at));
  }

  async function runOwn(entry: Entry, command: readonly string[], startedAt: Instant): Promise<void> {
    const time = startedAt < clock.now() ? lateClock(startedAt, clock) : clock;
    const code = await runOwnProgram(entry, command, { clock: time, disks });
    if (!entry.behavior.exit && !overSignal(entry).aborted) end(entry, exitWith(code), time.now());
  }

  function say(entry: Entry, at: Instant): void {
    const { name, image } = entry.container;
    const what = guessOf(entry) === Infinity ? 'it runs until it is stopped' : 'it is taken to succeed';
    const text = `portolan: simulated container "${name}" of image "${image}": no program really runs here; ${what}\n`;
    void entry.output.to('stdout', () => at).write(utf8(text));
  }

  /** Who listens at a port of a sandbox. */
  function listenerAt({ id }: Sandbox, port: number): Entry {
    const running = [...entries.values()].filter(
      ({ sandbox, startedAt, exit }) => sandbox === id && startedAt !== undefined && !exit,
    );
    const found = running.find((entry) => isServer(entry) && listensAt(entry.container, port));
    if (found) return found;
    throw new RuntimeFailure(`failed to connect to localhost:${port} inside the pod: connect: connection refused`);
  }

  async function ask(
    sandbox: Sandbox,
    port: number,
    request: ProxyRequest,
    signal?: AbortSignal,
  ): Promise<ProxyAnswer> {
    const entry = listenerAt(sandbox, port);
    const answer = answerOf(entry, request, port, clock.now());
    if (answer === 'refused')
      throw new RuntimeFailure(`connect: connection refused: ${entry.container.name} is still starting`);
    if (answer !== 'silent') return answer;
    await clock.sleep(silence, signal);
    throw new RuntimeFailure('i/o timeout');
  }

  const runtime: NodeRuntime = {
    name: 'simulated',

    async runSandbox(pod) {
      await take(paces.sandbox);
      const id = random.fork(`sandbox/${pod.metadata.uid}`).uuid();
      return { id, ips: pod.spec.hostNetwork ? [] : [addresses.take()] };
    },

    async stopSandbox({ id, ips }) {
      for (const ip of ips) addresses.give(ip);
      disks.volumes.delete(id);
      for (const entry of entries.values()) {
        if (entry.sandbox === id && entry.startedAt !== undefined) end(entry, { exitCode: 137, reason: 'Error' });
      }
    },

    image: (name) => images.get(fullName(name)),

    async pullImage(name, pod, container) {
      const known = images.has(fullName(name));
      const { pace, ...image } = imageOf(name);
      await take(known ? paces.pullCheck : pace);
      if (behaviorOf(pod, container.name).pullError || isUnresolvable(image.name))
        throw new PullError('ErrImagePull', pullFailure(image.name));
      images.set(image.name, image);
      return image;
    },

    async createContainer({ sandbox, attempt, ...request }) {
      await take(paces.create);
      const own = random.fork(`${request.pod.metadata.uid}/${request.container.name}/${attempt}`);
      const id = hex(own.fork('id'), 64);
      entries.set(id, newEntry({ ...request, id, random: own, sandbox: sandbox.id }));
      return id;
    },

    async startContainer(id) {
      await take(paces.start);
      const startedAt = clock.now();
      begin(entryOf(id), startedAt);
      return startedAt;
    },

    async updateContainer(id, container) {
      await take(paces.resize);
      const entry = entryOf(id);
      entry.container = container;
      if (entry.startedAt !== undefined && !entry.exit) awaitFate(entry, entry.startedAt);
    },

    async stopContainer(id, grace) {
      const entry = entryOf(id);
      if (entry.exit) return;
      const wanted = entry.behavior.stopAfter ?? between(entry.random, paces.stop);
      await clock.sleep(Math.min(wanted, grace));
      const exitCode = wanted > grace ? 137 : isServer(entry) ? 0 : 143;
      end(entry, { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' });
    },

    removeContainer(id) {
      entries.delete(id);
      disks.roots.delete(id);
    },

    async probe(id, question) {
      const entry = entryOf(id);
      const { probe } = question;
      const { standing, until } = standingTowards(entry, question, clock.now());
      if (standing === 'well')
        return runsProbe(entry, probe) ? runProbe(entry, probe, { clock, disks }) : success(until);
      if (takesItsTime(standing, probe)) await pause(timeoutOf(probe), { clock, signal: overSignal(entry) });
      return { success: false, output: failureText(standing, question, entry.container) };
    },

    exec: (id, command, signal) => runHook(entryOf(id), { command, signal }, { clock, disks }),
    run: (id, request) => runCommand(entryOf(id), request, { clock, disks }),

    async dial(sandbox, port) {
      const { behavior, startedAt = 0, container } = listenerAt(sandbox, port);
      if (clock.now() - startedAt < (behavior.readyAfter ?? 0))
        throw new RuntimeFailure(`connect: connection refused: ${container.name} is still starting`);
      return httpOverBytes((request) => ask(sandbox, port, request));
    },

    ask,

    log: (id) => entries.get(id)?.output.lines() ?? [],

    followLog(id, sink, done) {
      const entry = entryOf(id);
      const stop = entry.output.follow(sink);
      void aborted(overSignal(entry)).then(() => {
        stop();
        done();
      });
      return stop;
    },

    usage(id) {
      const entry = entries.get(id);
      if (entry?.startedAt === undefined || entry.exit) return undefined;
      const running = clock.now() - entry.startedAt;
      const { now: cpu, total: cpuSeconds } = processorUse(entry, running);
      return { cpu, cpuSeconds, memory: memoryUse(entry, running) };
    },

    recover(sandbox, containers) {
      for (const ip of sandbox.ips) addresses.keep(ip);
      for (const { id, startedAt, pod, container, mounts, attempt } of containers) {
        images.set(fullName(container.image ?? ''), imageOf(container.image ?? ''));
        const own = random.fork(`${pod.metadata.uid}/${container.name}/${attempt}`);
        const environment = plainEnvironment(container);
        const entry = newEntry({ id, pod, container, environment, mounts, random: own, sandbox: sandbox.id });
        entries.set(id, entry);
        begin(entry, startedAt);
      }
    },

    halt() {
      for (const entry of entries.values()) {
        entry.timer?.cancel();
        entry.over?.abort();
      }
    },

    onExit(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return runtime;
}
