// Commands in a simulated container: its own program, those that clients run on their streams, and hooks; and attaching to what runs there.

import { hex } from './simulated-images.ts';
import type { Clock, Duration } from '../base/clock.ts';
import type { ByteSink, ByteSource } from '../base/byte-pipe.ts';
import { concat, textOf, utf8 } from '../base/bytes.ts';
import type { CommandStreams } from '../server/kubelets.ts';
import { freshRoot, hostnameOf, mountsOf } from './container-files.ts';
import type { Probe } from '../kinds/generated/types/core-v1.ts';
import { commandOf } from './own-command.ts';
import {
  type CommandResult,
  noMounts,
  type PodMounts,
  type ProbeAnswer,
  RuntimeFailure,
  type RunRequest,
} from './runtime.ts';
import { failureText, timeoutOf } from './simulated-probe.ts';
import { absolute, filesOf, type Tree } from './shell/files.ts';
import { knownHint, runSession, type Session, StartFault } from './shell/session.ts';
import type { Program } from './shell/task.ts';
import { aborted, pass } from './shell/waiting.ts';
import { type Entry, guessOf, overSignal } from './simulated-container.ts';
import type { VolumeContents } from './volume-contents.ts';

/** What containers have written: each one's root, and the volumes of each sandbox, gone with the container, and with the pod; and what stays. */
export interface Disks {
  readonly roots: Map<string, Tree>;
  readonly volumes: Map<string, Map<string, Tree>>;
  readonly persistent: Pick<VolumeContents, 'treeOf'>;
}

export const emptyDisks = (persistent: Disks['persistent']): Disks => ({
  roots: new Map(),
  volumes: new Map(),
  persistent,
});

/** What is told of a container's end, in bytes. Upstream's limit. */
const mostLastWords = 4096;

/** What its program left where its pod says that last words are. */
export function lastWordsOf({ id, container }: Entry, { roots }: Disks): string {
  const path = absolute(container.terminationMessagePath ?? '/dev/termination-log', '/');
  return textOf(roots.get(id)?.get(path)?.bytes?.slice(-mostLastWords) ?? new Uint8Array());
}

interface Place {
  readonly clock: Clock;
  readonly disks: Disks;
}

/** Resolves with the exit code of the container's own program. */
export async function runOwnProgram(entry: Entry, command: readonly string[], place: Place): Promise<number> {
  const { clock } = place;
  const { output, stdin, container } = entry;
  const request: RunRequest = {
    tty: container.tty === true,
    mounts: await mountsIn(entry),
    streams: {
      ...(stdin && { stdin }),
      stdout: output.to('stdout', clock.now),
      stderr: output.to('stderr', clock.now),
    },
    signal: overSignal(entry),
  };
  return runSession(command, {
    ...sessionOf(entry, request, place),
    otherwise: guessed(
      () => guessOf(entry),
      () => (entry.serving = true),
    ),
  });
}

/** What nobody can run is taken to succeed; so is what only complains that an image's files are not here. */
export async function runHook(
  entry: Entry,
  { command, signal }: { readonly command: readonly string[]; readonly signal: AbortSignal },
  place: Place,
): Promise<CommandResult> {
  const result = await runQuietly(entry, { command, signal }, place);
  const isBelieved = entry.command !== undefined || result.stderr === '' || signal.aborted;
  return isBelieved ? result : { ...result, exitCode: 0 };
}

async function runQuietly(
  entry: Entry,
  { command, signal }: { readonly command: readonly string[]; readonly signal: AbortSignal },
  place: Place,
): Promise<CommandResult> {
  const [stdout, stderr] = [collected(mostOutput), collected(mostOutput)];
  const over = AbortSignal.any([signal, overSignal(entry)]);
  const request = { tty: false, mounts: await mountsIn(entry), streams: { stdout, stderr }, signal: over };
  const exitCode = await runSession(command, { ...sessionOf(entry, request, place), otherwise: guessed(() => 0) });
  return { exitCode, stdout: textOf(stdout.bytes()), stderr: textOf(stderr.bytes()) };
}

/** Whether an exec probe really runs: its command does, and so does the program that it looks at. */
export const runsProbe = ({ command, environment }: Entry, { exec }: Probe): boolean =>
  command !== undefined && exec?.command !== undefined && commandOf({ name: '', ...exec }, environment) !== undefined;

/** What is kept of what hooks and probes write, in bytes. Upstream's limit for probes. */
const mostOutput = 10 * 1024;

/** Runs an exec probe, for as long as it may take. */
export async function runProbe(entry: Entry, probe: Probe, place: Place): Promise<ProbeAnswer> {
  const { command = [] } = probe.exec ?? {};
  const over = new AbortController();
  const limit = place.clock.after(timeoutOf(probe), () => over.abort());
  const { exitCode, stdout, stderr } = await runQuietly(entry, { command, signal: over.signal }, place);
  limit.cancel();
  if (!over.signal.aborted) return { success: exitCode === 0, output: stdout + stderr };
  return { success: false, output: failureText('silent', { name: 'readiness', probe, host: '' }, entry.container) };
}

/** Keeps the first bytes written to it. */
function collected(limit: number): ByteSink & { readonly bytes: () => Uint8Array } {
  let kept = new Uint8Array();
  return {
    write: async (bytes) => void (kept = concat(kept, bytes.subarray(0, limit - kept.length))),
    end: () => {},
    isClosed: () => false,
    bytes: () => kept,
  };
}

const mountsIn = ({ container, mounts }: Entry): Promise<PodMounts> | PodMounts =>
  container.volumeMounts?.length ? mounts() : noMounts;

/** Programs that are not here are said to take their time. `serves` is told of one that takes for ever. */
const guessed =
  (guess: () => Duration, serves = () => {}) =>
  (name: string): Program =>
  async (args, task) => {
    const takes = guess();
    const taken = takes === Infinity ? 'runs until it is stopped' : 'is taken to succeed';
    await task.stderr.write(
      `portolan: simulated container: "${[name, ...args].join(' ')}" is not really run; it ${taken}\n`,
    );
    if (takes === Infinity) serves();
    await pass(takes, task);
    return 0;
  };

/** On a client's streams. Resolves with the exit code. */
export async function runCommand(entry: Entry, request: RunRequest, place: Place): Promise<number> {
  const { command } = request;
  if (!command) return attach(entry, request);
  try {
    return await runSession(command, sessionOf(entry, request, place));
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    await request.streams.stderr?.write(utf8(knownHint(entry.container.name)));
    const id = hex(entry.random.fork(`exec/${place.clock.now()}`), 64);
    throw new RuntimeFailure(
      `failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: ${error.message}: unknown`,
    );
  }
}

function sessionOf(entry: Entry, { mounts, streams, tty, signal }: RunRequest, { clock, disks }: Place): Session {
  const { pod, container, environment, startedAt = clock.now() } = entry;
  const root = kept(disks.roots, entry.id, () => freshRoot(entry, startedAt));
  const volumes = kept(disks.volumes, entry.sandbox, () => new Map<string, Tree>());
  for (const [name, handle] of mounts.handles) volumes.set(name, disks.persistent.treeOf(handle));
  const files = filesOf(
    root,
    mountsOf(container, { projections: mounts.projections, kept: volumes }, startedAt),
    clock.now,
  );
  const security = { ...pod.spec.securityContext, ...container.securityContext };
  const machine = {
    clock,
    pod,
    container,
    hostname: hostnameOf(pod),
    files,
    user: Number(security.runAsUser ?? 0),
    group: Number(security.runAsGroup ?? 0),
    bootedAt: startedAt,
  };
  return { machine, environment, folder: container.workingDir ?? '/', streams, tty, signal };
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** To the container's own program, until it ends or the client leaves. */
async function attach(entry: Entry, { streams, signal }: RunRequest): Promise<number> {
  const { container, stdin, output } = entry;
  const detach = output.attach(async (bytes, stream) => outputOf(streams, stream)?.write(bytes));
  if (stdin && streams.stdin) void hear(streams.stdin, stdin, container.stdinOnce === true);
  await aborted(AbortSignal.any([signal, overSignal(entry)]));
  detach();
  return 0;
}

/** What a client says, to who listens; its end is everybody's where there is to be one client only. */
async function hear(source: ByteSource, sink: ByteSink, once: boolean): Promise<void> {
  for (let bytes = await source.read(); bytes; bytes = await source.read()) await sink.write(bytes);
  if (once) sink.end();
}

const outputOf = ({ stdout, stderr }: CommandStreams, stream: 'stdout' | 'stderr') =>
  stream === 'stdout' ? stdout : (stderr ?? stdout);
