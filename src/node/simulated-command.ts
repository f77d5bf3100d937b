// Commands in a simulated container on a client's streams, and attaching to what runs there.

import { hex } from './simulated-images.ts';
import type { Clock } from '../base/clock.ts';
import { utf8 } from '../base/bytes.ts';
import type { CommandStreams } from '../server/kubelets.ts';
import { freshRoot, hostnameOf, mountsOf } from './container-files.ts';
import { type NodeRuntime, RuntimeFailure, type RunRequest } from './runtime.ts';
import { filesOf, type Tree } from './shell/files.ts';
import { knownHint, knowsCommand, runSession, StartFault } from './shell/session.ts';
import type { Entry } from './simulated-container.ts';
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

interface Place {
  readonly clock: Clock;
  readonly disks: Disks;
  readonly runtime: Pick<NodeRuntime, 'followLog'>;
  /** The container's own program has ended. */
  readonly end: (entry: Entry, code: number) => void;
}

export async function runCommand(entry: Entry, request: RunRequest, place: Place): Promise<number> {
  const { command } = request;
  if (!command) return attach(entry, request, place);
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

function sessionOf(entry: Entry, { projections, handles, streams, tty, signal }: RunRequest, { clock, disks }: Place) {
  const { pod, container, environment, startedAt = clock.now() } = entry;
  const root = kept(disks.roots, entry.id, () => freshRoot(entry, startedAt));
  const volumes = kept(disks.volumes, entry.sandbox, () => new Map<string, Tree>());
  for (const [name, handle] of handles) volumes.set(name, disks.persistent.treeOf(handle));
  const files = filesOf(root, mountsOf(container, { projections, kept: volumes }, startedAt), clock.now);
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

/** Whoever sits at a container's stdin talks to its program, where that is one we know; everybody else sees what it writes from now on. */
async function attach(entry: Entry, request: RunRequest, place: Place): Promise<number> {
  const { container } = entry;
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  const command = words.length > 0 ? words : ['sh'];
  if (!container.stdin || !request.streams.stdin || !knowsCommand(command)) return watch(entry, request, place);
  const code = await runSession(command, sessionOf(entry, request, place));
  if (!request.signal.aborted) place.end(entry, code);
  return 0;
}

function watch(entry: Entry, { streams, signal }: RunRequest, { runtime }: Place): Promise<number> {
  return new Promise((resolve) => {
    const stop = runtime.followLog(
      entry.id,
      ({ stream, text }) => void outputOf(streams, stream)?.write(utf8(`${text}\n`)),
      () => resolve(0),
    );
    signal.addEventListener('abort', () => {
      stop();
      resolve(0);
    });
  });
}

const outputOf = ({ stdout, stderr }: CommandStreams, stream: 'stdout' | 'stderr') =>
  stream === 'stdout' ? stdout : (stderr ?? stdout);
