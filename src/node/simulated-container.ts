// One entry of the simulated runtime's table: what the container is told to do, how it ends if nobody stops it, what probes hear and what it uses.

import type { Duration, Instant, Timer } from '../base/clock.ts';
import { bytesOf, milliOf } from '../base/quantity.ts';
import type { Random } from '../base/random.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import { behaviorOf, type Behavior } from './behaviors.ts';
import { bytePipe, type ByteSink, type ByteSource } from '../base/byte-pipe.ts';
import { type ContainerOutput, containerOutput } from './container-output.ts';
import { commandOf, runsKnownProgram } from './own-command.ts';
import { between, paces } from './pace.ts';
import type { ContainerExit, ContainerRequest } from './runtime.ts';
import { passes, type Steady, steadyUse, useAt, useUntil } from './use.ts';

export interface Entry {
  readonly id: string;
  readonly pod: Pod;
  container: Container;
  readonly behavior: Behavior;
  /** What our shell runs as its own program; undefined: nothing really runs. */
  readonly command: readonly string[] | undefined;
  readonly output: ContainerOutput;
  /** Of its own program, where somebody may sit there. */
  readonly stdin: (ByteSource & ByteSink) | undefined;
  readonly random: Random;
  /** How much of the processor it asked for it uses. */
  readonly diligence: number;
  readonly sandbox: string;
  /** What it was started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: ContainerRequest['mounts'];
  /** Aborted when it ends; made for who asks. */
  over: AbortController | undefined;
  startedAt: Instant | undefined;
  /** Its program has come to something that is taken to be a server. */
  serving: boolean;
  exit: ContainerExit | undefined;
  timer: Timer | undefined;
}

type Made = Pick<Entry, 'id' | 'pod' | 'container' | 'random' | 'sandbox' | 'environment' | 'mounts'>;

export const newEntry = (made: Made): Entry => ({
  ...made,
  diligence: 0.1 + 0.3 * made.random.fork('cpu').next(),
  behavior: behaviorOf(made.pod, made.container.name),
  command: commandOf(made.container, made.environment),
  output: containerOutput(),
  stdin: made.container.stdin ? bytePipe() : undefined,
  over: undefined,
  startedAt: undefined,
  serving: false,
  exit: undefined,
  timer: undefined,
});

/** Aborted when it has ended, or its node is no more. */
export function overSignal(entry: Entry): AbortSignal {
  if (entry.exit) return AbortSignal.abort();
  entry.over ??= new AbortController();
  return entry.over.signal;
}

/** Variables with literal values: all that is known of a container found again. */
export const plainEnvironment = ({ env = [] }: Container): Record<string, string> =>
  Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));

/** How long something takes that nobody here can run; Infinity for what is taken to be a server. It then succeeds. */
export const guessOf = ({ pod, container, random }: Entry): Duration =>
  endsByItself(pod, container) ? between(random.fork('work'), workPace(pod, container)) : Infinity;

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
export const isServer = (entry: Entry): boolean =>
  entry.serving || (!(entry.command && runsKnownProgram(entry.container)) && guessOf(entry) === Infinity);

interface Fate {
  readonly after: Duration;
  readonly exit: Omit<ContainerExit, 'container' | 'at'>;
}

export const exitWith = (exitCode: number): Fate['exit'] => ({
  exitCode,
  reason: exitCode === 0 ? 'Completed' : 'Error',
});

/** How the container ends if nobody stops it and no program runs: the earliest of what its behaviour, our guess and its memory say. */
export function fateOf(entry: Entry): Fate | undefined {
  const { behavior, command, random } = entry;
  const coded = (after: Duration, code: number): Fate => ({ after, exit: exitWith(code) });
  const fates = [
    behavior.crashLoop && coded(between(random.fork('crash'), paces.crash), 1),
    behavior.exit && coded(behavior.exit.after, behavior.exit.code),
    !behavior.exit && !command && coded(guessOf(entry), 0),
    outOfMemory(entry),
  ].filter((fate) => !!fate);
  return fates.sort((a, b) => a.after - b.after)[0];
}

function outOfMemory(entry: Entry): Fate | undefined {
  const limit = entry.container.resources?.limits?.memory;
  const after = limit && passes(memoryOf(entry), entry.behavior.leak ?? 0, bytesOf(limit));
  return typeof after === 'number'
    ? { after: Math.max(after, 100), exit: { exitCode: 137, reason: 'OOMKilled' } }
    : undefined;
}

/** Half of what it asked for, unless told; what it leaks comes on top. */
export const memoryUse = (entry: Entry, running: Duration): number =>
  Math.round(useAt(memoryOf(entry), running) + (entry.behavior.leak ?? 0) * running);

function memoryOf({ container, behavior }: Entry): readonly Steady[] {
  const asked = container.resources?.requests?.memory;
  const requested = asked === undefined ? undefined : bytesOf(asked);
  return steadyUse(behavior.memory, { requested, untold: requested === undefined ? 16 * 1024 ** 2 : requested / 2 });
}

/** Cores now, and core-seconds since its start. */
export function processorUse(entry: Entry, running: Duration): { readonly now: number; readonly total: number } {
  const { container, behavior, diligence } = entry;
  const asked = container.resources?.requests?.cpu;
  const requested = asked === undefined ? undefined : milliOf(asked) / 1000;
  const untold = requested === undefined ? 0.002 : requested * diligence;
  const steady = steadyUse(behavior.cpu, { requested, untold });
  return { now: useAt(steady, running), total: useUntil(steady, running) };
}
