// Which probe a scripted failure is about, and when it shows: `http:/healthz fails from 60s to 90s`.

import type { Duration } from '../base/clock.ts';
import type { Container, Probe } from '../kinds/generated/types/core-v1.ts';
import { portNumber } from './probe-target.ts';
import type { ProbeName } from './runtime.ts';

/** One probe's bad time, counted from the container's start. */
export interface ProbeFault {
  /** As the author wrote it: a probe's name, or a handler, alone or with what it asks. */
  readonly probe: string;
  /** A hanging one is answered only by the probe's timeout. */
  readonly how: 'fails' | 'hangs';
  readonly from: Duration;
  /** Infinity: for good. */
  readonly to: Duration;
}

const targets = /^(?:readiness|liveness|startup|http(?::\/\S*)?|(?:exec|tcp|grpc)(?::\S+)?)$/;

export const namesProbe = (text: string): boolean => targets.test(text);

export interface Asked {
  readonly name: ProbeName;
  readonly probe: Probe;
}

/** Whether `target` means this probe of this container. */
export function isAbout(target: string, { name, probe }: Asked, container: Container): boolean {
  const [kind = '', ...rest] = target.split(':');
  if (kind === name) return true;
  const asks = whatItAsks(probe, container)[kind];
  return asks !== undefined && (rest.length === 0 || asks.includes(rest.join(':')));
}

/** By handler, all the names of what it asks. */
function whatItAsks({ httpGet, tcpSocket, grpc, exec }: Probe, container: Container): Record<string, string[]> {
  return {
    ...(httpGet && { http: [httpGet.path ?? '/'] }),
    ...(tcpSocket && { tcp: [String(tcpSocket.port), String(portNumber(tcpSocket.port, container))] }),
    ...(grpc && { grpc: [String(grpc.port)] }),
    ...(exec && { exec: [exec.command?.[0] ?? '', exec.command?.[0]?.split('/').at(-1) ?? ''] }),
  };
}
