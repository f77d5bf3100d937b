// How the server reaches the nodes, for what cannot be answered from the store: logs, commands in containers, ports of pods.

import type { Instant } from '../base/clock.ts';
import type { ByteDuplex, ByteSink, ByteSource } from '../base/byte-pipe.ts';
import type { WatchSource } from '../api/request.ts';

/** As in PodLogOptions. */
export interface LogOptions {
  /** Left out: the first container. */
  readonly container?: string;
  readonly previous?: boolean;
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  readonly sinceTime?: Instant;
}

/** A command to run in a container, or, without one, the container's own program to attach to. */
export interface CommandRequest {
  readonly container: string;
  readonly command?: readonly string[];
  /** At a terminal: what is typed is echoed, and both outputs are one. */
  readonly tty: boolean;
}

/** What is left out is not connected. */
export interface CommandStreams {
  readonly stdin?: ByteSource;
  readonly stdout?: ByteSink;
  readonly stderr?: ByteSink;
}

/** Runs what a node has agreed to run. Resolves with the exit code; rejects with an ApiError where it could not be run. */
export type RunCommand = (streams: CommandStreams, signal: AbortSignal) => Promise<number>;

/** A request that a proxy hands on to what listens at a port. */
export interface ProxyRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ProxyAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** What the connection has become, where the request asked for another protocol and the other side agreed (status 101). */
  readonly connection?: ByteDuplex;
}

/** What the containers of a pod use now. */
export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  /** CPU in cores, memory in bytes. */
  readonly containers: readonly { readonly name: string; readonly cpu: number; readonly memory: number }[];
}

export interface NodeUsage {
  readonly node: string;
  /** What the node itself uses, besides its pods: cores and bytes. */
  readonly own: { readonly cpu: number; readonly memory: number };
  readonly pods: readonly PodUsage[];
}

export interface Kubelets {
  /** Chunks of the log, each one or more whole lines; ends at once unless followed. @throws ApiError where a kubelet refuses */
  logs(namespace: string, pod: string, options: LogOptions): WatchSource<Uint8Array>;
  /** @throws ApiError where a kubelet refuses, before anything runs */
  command(namespace: string, pod: string, request: CommandRequest): RunCommand;
  /** Connects to a port of the pod. Rejects with an Error saying why not. */
  dial(namespace: string, pod: string, port: number): Promise<ByteDuplex>;
  /** Asks what listens at a port of a pod's address. Rejects with an Error saying why nobody answers. */
  ask(address: string, port: number, request: ProxyRequest, signal: AbortSignal): Promise<ProxyAnswer>;
  /** Asks the kubelet of a node itself. Rejects as above. */
  askNode(node: string, request: ProxyRequest): Promise<ProxyAnswer>;
  /** Of every node that can be reached. */
  usage(): readonly NodeUsage[];
}
