// One entry of the simulated runtime's table: what the container's program does, how it ends if nobody stops it, what probes hear and what it uses.

import type { Duration, Instant, Timer } from '../base/clock.ts';
import { bytesOf, milliOf } from '../base/quantity.ts';
import type { Random } from '../base/random.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import { behaviorOf, type Behavior } from './behaviors.ts';
import { expandReferences } from './environment.ts';
import { between, paces } from './pace.ts';
import type { ContainerExit, LogLine, ProbeAnswer, ProbeName } from './runtime.ts';
import { interpret, type Program } from './shell.ts';
import { passes, type Steady, steadyUse, useAt, useUntil } from './use.ts';

export interface Entry {
  readonly id: string;
  readonly pod: Pod;
  readonly container: Container;
  readonly behavior: Behavior;
  readonly program: Program;
  readonly random: Random;
  readonly sandbox: string;
  /** What it was started with. */
  readonly environment: Readonly<Record<string, string>>;
  startedAt: Instant | undefined;
  exit: ContainerExit | undefined;
  timer: Timer | undefined;
}

type Made = Pick<Entry, 'id' | 'pod' | 'container' | 'random' | 'sandbox' | 'environment'>;

export function newEntry(made: Made): Entry {
  const behavior = behaviorOf(made.pod, made.container.name);
  return {
    ...made,
    behavior,
    program: programOf(made, made.environment),
    startedAt: undefined,
    exit: undefined,
    timer: undefined,
  };
}

/** Variables with literal values: all that is known of a container found again or exec'd into. */
export const plainEnvironment = ({ env = [] }: Container): Record<string, string> =>
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

/** Its program is one of the few that are really followed here. */
export const runsKnownProgram = ({ command = [], args = [] }: Container): boolean => isCommand([...command, ...args]);

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
export const isServer = ({ pod, container, program }: Entry): boolean => !program.exit && !endsByItself(pod, container);

interface Fate {
  readonly after: Duration;
  readonly exit: Omit<ContainerExit, 'container' | 'at'>;
}

/** How the container ends if nobody stops it: the earliest of what its behaviour, its program and its memory say. */
export function fateOf(entry: Entry): Fate | undefined {
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
  const { container, behavior, random } = entry;
  const asked = container.resources?.requests?.cpu;
  const requested = asked === undefined ? undefined : milliOf(asked) / 1000;
  const untold = requested === undefined ? 0.002 : requested * (0.1 + 0.3 * random.fork('cpu').next());
  const steady = steadyUse(behavior.cpu, { requested, untold });
  return { now: useAt(steady, running), total: useUntil(steady, running) };
}

export function probeAnswer({ behavior, startedAt }: Entry, name: ProbeName, now: Instant): ProbeAnswer {
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

export function logOf(entry: Entry, now: Instant): LogLine[] {
  const { program, startedAt, exit } = entry;
  if (startedAt === undefined) return [];
  const until = exit?.at ?? now;
  return program.output.filter(({ after }) => startedAt + after <= until).map((line) => lineOf(entry, line));
}

export const lineOf = ({ startedAt }: Entry, { after, stream, text }: Program['output'][number]): LogLine => ({
  at: (startedAt ?? 0) + after,
  stream,
  text,
});
