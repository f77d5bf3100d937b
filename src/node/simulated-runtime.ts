// Containers that do not run: a table of what starts when, says what, and ends how. Delays are paced by the seed; docs/behaviors.md says what decides.

import type { Clock, Duration, Instant, Timer } from '../base/clock.ts';
import { bytesOf, milliOf } from '../base/quantity.ts';
import { seededRandom, type Random } from '../base/random.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import { behaviorOf, type Behavior } from './behaviors.ts';
import { expandReferences } from './environment.ts';
import {
  PullError,
  type ContainerExit,
  type Image,
  type LogLine,
  type NodeRuntime,
  type ProbeAnswer,
  type ProbeName,
} from './runtime.ts';
import { interpret, type Program } from './shell.ts';

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  /** This node's own. */
  readonly random: Random;
  /** Addresses for pods; throws when there is none left. */
  readonly addresses: { take(): string; keep(ip: string): void; give(ip: string): void };
}

interface Entry {
  readonly id: string;
  readonly pod: Pod;
  readonly container: Container;
  readonly behavior: Behavior;
  readonly program: Program;
  readonly random: Random;
  readonly sandbox: string;
  startedAt: Instant | undefined;
  exit: ContainerExit | undefined;
  timer: Timer | undefined;
}

/** How long things take, from least to most. */
const paces = {
  sandbox: [50, 300],
  create: [10, 40],
  start: [40, 160],
  stop: [20, 200],
  pullSmall: [300, 800],
  pullMedium: [800, 1800],
  pullLarge: [1800, 3000],
  pullCheck: [50, 250],
  crash: [1000, 3000],
  initWork: [500, 2000],
  work: [2000, 5000],
} satisfies Record<string, [Duration, Duration]>;

/** An image's size decides how long its first pull takes. */
const sizes = [
  { most: 0.4, bytes: [5e6, 40e6], pace: paces.pullSmall },
  { most: 0.85, bytes: [40e6, 250e6], pace: paces.pullMedium },
  { most: 1, bytes: [250e6, 900e6], pace: paces.pullLarge },
] as const;

const between = (random: Random, [least, most]: readonly [number, number]): number =>
  Math.round(least + random.next() * (most - least));

export function simulatedRuntime({ clock, random, addresses }: SimulatedRuntimeOptions): NodeRuntime {
  const entries = new Map<string, Entry>();
  const images = new Map<string, Image>();
  const listeners = new Set<(exit: ContainerExit) => void>();
  const chance = random.fork('pace');
  const take = (span: readonly [Duration, Duration]) => clock.sleep(between(chance, span));

  const entryOf = (id: string): Entry => {
    const entry = entries.get(id);
    if (!entry) throw new Error(`the simulated runtime has no container ${id}`);
    return entry;
  };

  function end(entry: Entry, exit: Omit<ContainerExit, 'container' | 'at'>, at = clock.now()): void {
    if (entry.exit) return;
    entry.timer?.cancel();
    entry.exit = { container: entry.id, at, ...exit };
    for (const listener of listeners) listener(entry.exit);
  }

  function begin(entry: Entry, startedAt: Instant): void {
    entry.startedAt = startedAt;
    const fate = fateOf(entry);
    if (!fate || fate.after === Infinity) return;
    const at = startedAt + fate.after;
    entry.timer = clock.after(at - clock.now(), () => end(entry, fate.exit, at));
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

    async createContainer({ sandbox, pod, container, attempt, environment }) {
      await take(paces.create);
      const own = random.fork(`${pod.metadata.uid}/${container.name}/${attempt}`);
      const id = hex(own.fork('id'), 64);
      entries.set(id, newEntry({ id, pod, container, environment, random: own, sandbox: sandbox.id }));
      return id;
    },

    async startContainer(id) {
      await take(paces.start);
      const startedAt = clock.now();
      begin(entryOf(id), startedAt);
      return startedAt;
    },

    async stopContainer(id, grace) {
      const entry = entryOf(id);
      if (entry.exit) return;
      const wanted = entry.behavior.stopAfter ?? between(entry.random, paces.stop);
      await clock.sleep(Math.min(wanted, grace));
      const killed = wanted > grace && entry.behavior.stopAfter !== undefined;
      const exitCode = killed ? 137 : isServer(entry) ? 0 : 143;
      end(entry, { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' });
    },

    removeContainer: (id) => void entries.delete(id),

    probe: (id, name) => probeAnswer(entryOf(id), name, clock.now()),

    async exec(id, command, signal) {
      const { container } = entryOf(id);
      const program = interpret(command, plainEnvironment(container), () => 0);
      if (!program?.exit) {
        const stderr = `portolan: container "${container.name}" is simulated: "${command.join(' ')}" is beyond what it understands (sleep, exit, true, false, echo)\n`;
        return { exitCode: 126, stdout: '', stderr };
      }
      await clock.sleep(program.exit.after, signal);
      const text = (stream: 'stdout' | 'stderr') =>
        program.output
          .filter((line) => line.stream === stream)
          .map((line) => `${line.text}\n`)
          .join('');
      return { exitCode: program.exit.code, stdout: text('stdout'), stderr: text('stderr') };
    },

    log: (id) => (entries.has(id) ? logOf(entryOf(id), clock.now()) : []),

    followLog(id, sink, done) {
      const entry = entryOf(id);
      const seen = logOf(entry, clock.now()).length;
      const timers = entry.program.output
        .slice(seen)
        .map((line) =>
          clock.after((entry.startedAt ?? 0) + line.after - clock.now(), () => entry.exit || sink(lineOf(entry, line))),
        );
      const stop = () => {
        listeners.delete(listener);
        for (const timer of timers) timer.cancel();
      };
      const listener = (exit: ContainerExit) => {
        if (exit.container !== id) return;
        stop();
        for (const line of logOf(entry, exit.at)
          .slice(seen)
          .filter(({ at }) => at === exit.at))
          sink(line);
        done();
      };
      if (entry.exit) done();
      else listeners.add(listener);
      return stop;
    },

    usage(id) {
      const entry = entries.get(id);
      if (entry?.startedAt === undefined || entry.exit) return undefined;
      return { cpu: processorUse(entry), memory: memoryUse(entry, clock.now() - entry.startedAt) };
    },

    recover(sandbox, containers) {
      for (const ip of sandbox.ips) addresses.keep(ip);
      for (const { id, startedAt, pod, container, attempt } of containers) {
        images.set(fullName(container.image ?? ''), imageOf(container.image ?? ''));
        const own = random.fork(`${pod.metadata.uid}/${container.name}/${attempt}`);
        const entry = newEntry({
          id,
          pod,
          container,
          environment: plainEnvironment(container),
          random: own,
          sandbox: sandbox.id,
        });
        entries.set(id, entry);
        begin(entry, startedAt);
      }
    },

    onExit(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return runtime;
}

// Programs

interface Made extends Pick<Entry, 'id' | 'pod' | 'container' | 'random' | 'sandbox'> {
  readonly environment: Readonly<Record<string, string>>;
}

function newEntry({ environment, ...made }: Made): Entry {
  const behavior = behaviorOf(made.pod, made.container.name);
  return {
    ...made,
    behavior,
    program: programOf(made, environment),
    startedAt: undefined,
    exit: undefined,
    timer: undefined,
  };
}

/** Variables with literal values: all that is known of a container found again or exec'd into. */
const plainEnvironment = ({ env = [] }: Container): Record<string, string> =>
  Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));

function programOf(
  { pod, container, random }: Pick<Entry, 'pod' | 'container' | 'random'>,
  environment: Readonly<Record<string, string>>,
): Program {
  const words = [...(container.command ?? []), ...(container.args ?? [])].map((word) =>
    expandReferences(word, environment),
  );
  const unknown = (): Duration | 'forever' =>
    endsByItself(pod, container) ? between(random.fork('work'), workPace(pod, container)) : 'forever';
  const program = isCommand(words) ? interpret(words, environment, unknown) : undefined;
  if (program) return program;
  const after = unknown();
  const what = after === 'forever' ? 'it runs until it is stopped' : 'it is taken to succeed';
  const text = `portolan: simulated container "${container.name}" of image "${container.image}": no program really runs here; ${what}`;
  return { output: [{ after: 0, stream: 'stdout', text }], ...(after !== 'forever' && { exit: { after, code: 0 } }) };
}

const understoodFirst = /^(?:\S*\/)?(?:sh|bash|ash|dash|sleep|exit|true|false|echo)$/;

/** A command line rather than arguments of an image's own program. */
const isCommand = (words: readonly string[]): boolean => understoodFirst.test(words[0] ?? '');

const isInit = (pod: Pod, container: Container): boolean =>
  container.restartPolicy !== 'Always' && (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);

const isSidecar = (pod: Pod, container: Container): boolean =>
  container.restartPolicy === 'Always' && (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);

/** Init containers and those of Job-like pods are taken to do some work and succeed, unless somebody sits at their terminal. */
function endsByItself(pod: Pod, container: Container): boolean {
  if (container.stdin || isSidecar(pod, container)) return false;
  return isInit(pod, container) || (pod.spec.restartPolicy ?? 'Always') !== 'Always';
}

const workPace = (pod: Pod, container: Container) => (isInit(pod, container) ? paces.initWork : paces.work);

/** Asked to end, a server ends well; other programs die of the signal. */
const isServer = ({ pod, container, program }: Entry): boolean => !program.exit && !endsByItself(pod, container);

interface Fate {
  readonly after: Duration;
  readonly exit: Omit<ContainerExit, 'container' | 'at'>;
}

/** How the container ends if nobody stops it: the earliest of what its behaviour, its program and its memory say. */
function fateOf(entry: Entry): Fate | undefined {
  const { behavior, program, random } = entry;
  const coded = (after: Duration, code: number, message?: string): Fate => ({
    after,
    exit: { exitCode: code, reason: code === 0 ? 'Completed' : 'Error', ...(message !== undefined && { message }) },
  });
  const fates = [
    behavior.crashLoop && coded(between(random.fork('crash'), paces.crash), 1),
    behavior.exit && coded(behavior.exit.after, behavior.exit.code),
    !behavior.exit && program.exit && coded(program.exit.after, program.exit.code, program.lastWords),
    outOfMemory(entry),
  ].filter((fate) => !!fate);
  return fates.sort((a, b) => a.after - b.after)[0];
}

function outOfMemory(entry: Entry): Fate | undefined {
  const limit = entry.container.resources?.limits?.memory;
  const { leak = 0 } = entry.behavior;
  if (limit === undefined) return undefined;
  const room = bytesOf(limit) - memoryUse(entry, 0);
  if (room >= 0 && leak === 0) return undefined;
  return { after: Math.max(room / (leak || 1), 100), exit: { exitCode: 137, reason: 'OOMKilled' } };
}

/** Half of what it asked for, unless told; what it leaks comes on top. */
function memoryUse({ container, behavior }: Entry, running: Duration): number {
  const asked = container.resources?.requests?.memory;
  const base = behavior.memory ?? (asked === undefined ? 16 * 1024 ** 2 : bytesOf(asked) / 2);
  return Math.round(base + (behavior.leak ?? 0) * running);
}

function processorUse({ container, behavior, random }: Entry): number {
  const asked = container.resources?.requests?.cpu;
  return (
    behavior.cpu ?? (asked === undefined ? 0.002 : (milliOf(asked) / 1000) * (0.1 + 0.3 * random.fork('cpu').next()))
  );
}

function probeAnswer({ behavior, startedAt }: Entry, name: ProbeName, now: Instant): ProbeAnswer {
  const age = startedAt === undefined ? 0 : now - startedAt;
  const changes = [behavior.readyAfter, behavior.notReadyAfter, behavior.hangAfter].filter(
    (each) => each !== undefined && each > age,
  ) as Duration[];
  const steadyUntil = now - age + Math.min(...changes);
  if (age >= (behavior.hangAfter ?? Infinity))
    return { success: false, output: 'context deadline exceeded', steadyUntil };
  if (age < (behavior.readyAfter ?? 0))
    return { success: false, output: 'connection refused: the container is still starting', steadyUntil };
  if (name === 'readiness' && age >= (behavior.notReadyAfter ?? Infinity))
    return { success: false, output: 'HTTP probe failed with statuscode: 503', steadyUntil };
  return { success: true, output: '', steadyUntil };
}

function logOf(entry: Entry, now: Instant): LogLine[] {
  const { program, startedAt, exit } = entry;
  if (startedAt === undefined) return [];
  const until = exit?.at ?? now;
  return program.output.filter(({ after }) => startedAt + after <= until).map((line) => lineOf(entry, line));
}

const lineOf = ({ startedAt }: Entry, { after, stream, text }: Program['output'][number]): LogLine => ({
  at: (startedAt ?? 0) + after,
  stream,
  text,
});

// Images

const imageChance = seededRandom('images');

/** `nginx` is `docker.io/library/nginx:latest`. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? name : `docker.io/${rest.length > 0 ? name : `library/${name}`}`;
  return /[:@][^/]*$/.test(path.slice(path.indexOf('/'))) ? path : `${path}:latest`;
}

/** Size and digest follow from the name alone, so that every node and every run agrees. */
function imageOf(name: string): Image & { readonly pace: readonly [Duration, Duration] } {
  const full = fullName(name);
  const random = imageChance.fork(full);
  const share = random.next();
  const size = sizes.find(({ most }) => share < most) ?? sizes[0];
  const repository = full.replace(/@.*$|:[^/:]*$/, '');
  const digest = full.includes('@') ? full.slice(full.indexOf('@') + 1) : `sha256:${hex(random, 64)}`;
  return { name: full, id: `${repository}@${digest}`, bytes: between(random, size.bytes), pace: size.pace };
}

/** Names under the reserved top-level domain `invalid` lead nowhere (RFC 2606). */
const isUnresolvable = (full: string): boolean => /\.invalid(?::\d+)?$/.test(full.split('/')[0] ?? '');

const pullFailure = (full: string): string =>
  `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${
    isUnresolvable(full) ? `dial tcp: lookup ${full.split('/')[0]}: no such host` : `${full}: not found`
  }`;

function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += random.below(0x1_0000).toString(16).padStart(4, '0');
  return text.slice(0, length);
}
