// How the server reaches the nodes: for logs now, for exec, attach and port-forward later.

import type { Instant } from '../base/clock.ts';
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

export interface Kubelets {
  /** Chunks of the log, each one or more whole lines; ends at once unless followed. @throws ApiError where a kubelet refuses */
  logs(namespace: string, pod: string, options: LogOptions): WatchSource<Uint8Array>;
}
