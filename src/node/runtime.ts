// What a node's agent asks of whatever runs its containers: shaped after the Container Runtime Interface, as far as it is used.

import type { Duration, Instant } from '../base/clock.ts';
import type { ByteDuplex } from '../base/byte-pipe.ts';
import type { Container, Pod, Probe } from '../kinds/generated/types/core-v1.ts';
import type { CommandStreams, ProxyAnswer, ProxyRequest } from '../server/kubelets.ts';

/** The network and process home that the containers of one pod share. */
export interface Sandbox {
  readonly id: string;
  /** Empty for a pod on its node's own network. */
  readonly ips: readonly string[];
}

export interface Image {
  /** The full name: `docker.io/library/nginx:1.27`. */
  readonly name: string;
  /** By digest: `docker.io/library/nginx@sha256:…`. */
  readonly id: string;
  readonly bytes: number;
}

export interface ContainerRequest {
  readonly sandbox: Sandbox;
  readonly pod: Pod;
  readonly container: Container;
  /** How often this container was made before. */
  readonly attempt: number;
  readonly environment: Readonly<Record<string, string>>;
  /** What the kubelet puts into its volumes, for who looks there. */
  readonly mounts: () => Promise<PodMounts>;
}

/** Told for every container that ended, whoever ended it. */
export interface ContainerExit {
  readonly container: string;
  readonly at: Instant;
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'OOMKilled';
  /** What the program left as its last words (`/dev/termination-log`). */
  readonly message?: string;
}

export type ProbeName = 'startup' | 'readiness' | 'liveness';

export interface ProbeQuestion {
  readonly name: ProbeName;
  readonly probe: Probe;
  /** The pod's address. */
  readonly host: string;
}

export interface ProbeAnswer {
  readonly success: boolean;
  /** What a failing probe says. */
  readonly output: string;
  /** The runtime promises the same answer before this instant (Infinity: for good). Left out: ask again every period. */
  readonly steadyUntil?: Instant;
}

/** A file that the kubelet puts into a volume. */
export interface ProjectedFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** By volume, then by path below it: what config maps, secrets and the pod itself give. */
export type Projections = ReadonlyMap<string, ReadonlyMap<string, ProjectedFile>>;

/** What a node has for the volumes of a pod. */
export interface PodMounts {
  readonly projections: Projections;
  /** Of its persistent volumes, by the names of its volumes. */
  readonly handles: ReadonlyMap<string, string>;
}

export const noMounts: PodMounts = { projections: new Map(), handles: new Map() };

/** A command, or the container's own program, on a client's streams. */
export interface RunRequest {
  /** Left out: attach to what runs. */
  readonly command?: readonly string[];
  readonly tty: boolean;
  readonly mounts: PodMounts;
  readonly streams: CommandStreams;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number;
  /** As far as they are kept. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface LogLine {
  readonly at: Instant;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface ContainerUsage {
  /** In cores, now. */
  readonly cpu: number;
  /** What it used since its start. */
  readonly cpuSeconds: number;
  /** In bytes. */
  readonly memory: number;
}

/** A container that ran when the agent stopped, as the pod's status tells. */
export interface Remembered extends Omit<ContainerRequest, 'environment'> {
  readonly id: string;
  readonly startedAt: Instant;
}

/** What the runtime could not do and the node's user should read; the agent reports it and tries again. */
export class RuntimeFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RuntimeFailure';
  }
}

/** Why an image is not there; the waiting reason and the text for the pod's status. */
export class PullError extends Error {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName';

  constructor(reason: PullError['reason'], message: string) {
    super(message);
    this.name = 'PullError';
    this.reason = reason;
  }
}

/** One node's containers. Ids are the runtime's own; the agent writes them as `<name>://<id>`. */
export interface NodeRuntime {
  readonly name: string;
  /** Gives the pod its addresses. Rejects with RuntimeFailure. */
  runSandbox(pod: Pod): Promise<Sandbox>;
  /** Ends what still runs in it and gives its addresses back. Ended containers stay, with their logs, until they are removed. */
  stopSandbox(sandbox: Sandbox): Promise<void>;
  /** The image if this node has it already. */
  image(name: string): Image | undefined;
  /** Rejects with PullError. */
  pullImage(name: string, pod: Pod, container: Container): Promise<Image>;
  /** Resolves with the id. */
  createContainer(request: ContainerRequest): Promise<string>;
  /** Resolves with the instant it started at. */
  startContainer(id: string): Promise<Instant>;
  /** Gives a running container other resources; what it has besides stays. */
  updateContainer(id: string, container: Container): Promise<void>;
  /** Asks it to end and kills it after `grace`; resolves once it ended (its exit is told before). */
  stopContainer(id: string, grace: Duration): Promise<void>;
  /** Forgets an ended container and its log. */
  removeContainer(id: string): void;
  /** Resolves when it answers, or its time is over. */
  probe(id: string, question: ProbeQuestion): ProbeAnswer | Promise<ProbeAnswer>;
  /** Runs a hook. Resolves also when aborted. */
  exec(id: string, command: readonly string[], signal: AbortSignal): Promise<CommandResult>;
  /** On a client's streams. Resolves with the exit code; rejects with RuntimeFailure where the command cannot be started. */
  run(id: string, request: RunRequest): Promise<number>;
  /** Connects to a port of the sandbox. Rejects with RuntimeFailure. */
  dial(sandbox: Sandbox, port: number): Promise<ByteDuplex>;
  /** Asks what listens at a port of the sandbox. Rejects with RuntimeFailure where nobody answers. */
  ask(sandbox: Sandbox, port: number, request: ProxyRequest, signal?: AbortSignal): Promise<ProxyAnswer>;
  /** What it wrote so far. */
  log(id: string): readonly LogLine[];
  /** Called with each further line; `end` once it ended. Returns the way to stop. */
  followLog(id: string, sink: (line: LogLine) => void, end: () => void): () => void;
  usage(id: string): ContainerUsage | undefined;
  /** After a restart of the agent: finds these again, still running, or tells how they ended meanwhile. */
  recover(sandbox: Sandbox, containers: readonly Remembered[]): void;
  /** Its machine is no more: nothing runs on, and nobody is told. */
  halt(): void;
  /** Called with each exit. Returns the way to stop. */
  onExit(listener: (exit: ContainerExit) => void): () => void;
}
