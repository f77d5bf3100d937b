// What a probe of a simulated container hears: what its behaviour says, in the words of the kubelet's four handlers.

import type { Duration, Instant } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import type { Container, Probe } from '../kinds/generated/types/core-v1.ts';
import { isAbout, type Asked } from './probe-faults.ts';
import { addressOf, portNumber, urlOf } from './probe-target.ts';
import type { ProbeQuestion } from './runtime.ts';
import type { Entry } from './simulated-container.ts';

/** `refused`: it does not listen yet. `silent`: it never answers. */
export type Standing = 'well' | 'refused' | 'silent' | 'failing';

/** How the container stands towards this probe, and until when it stays so. */
export function standingTowards(
  { behavior, startedAt, container }: Pick<Entry, 'behavior' | 'startedAt' | 'container'>,
  asked: Asked,
  now: Instant,
): { readonly standing: Standing; readonly until: Instant } {
  const age = startedAt === undefined ? 0 : now - startedAt;
  const { readyAfter = 0, hangAfter = Infinity, notReadyAfter = Infinity, probeFaults = [] } = behavior;
  const faults = probeFaults.filter(({ probe }) => isAbout(probe, asked, container));
  const unready = asked.name === 'readiness' ? notReadyAfter : Infinity;
  const changes = [readyAfter, hangAfter, unready, ...faults.flatMap(({ from, to }) => [from, to])];
  const until = now - age + Math.min(...changes.filter((each) => each > age));

  const fault = faults.find(({ from, to }) => from <= age && age < to);
  if (age >= hangAfter || fault?.how === 'hangs') return { standing: 'silent', until };
  if (age < readyAfter) return { standing: 'refused', until };
  return { standing: fault || age >= unready ? 'failing' : 'well', until };
}

export const timeoutOf = ({ timeoutSeconds = 1 }: Probe): Duration => timeoutSeconds * 1000;

/** What the kubelet writes of a probe that fails so. */
export function failureText(
  standing: Exclude<Standing, 'well'>,
  { probe, host }: ProbeQuestion,
  container: Container,
): string {
  const { httpGet, tcpSocket, grpc, exec } = probe;
  const timeout = formatDuration(timeoutOf(probe));
  if (httpGet) {
    const { address, text: url } = urlOf(httpGet, container, host);
    return {
      failing: 'HTTP probe failed with statuscode: 503',
      refused: `Get "${url}": dial tcp ${address}: connect: connection refused`,
      silent: `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    }[standing];
  }
  if (tcpSocket) {
    const address = addressOf(tcpSocket.host || host, portNumber(tcpSocket.port, container));
    return `dial tcp ${address}: ${standing === 'silent' ? 'i/o timeout' : 'connect: connection refused'}`;
  }
  if (grpc)
    return {
      failing: 'service unhealthy (responded with "NOT_SERVING")',
      refused: `timeout: failed to connect service "${addressOf(host, grpc.port)}" within ${timeout}: context deadline exceeded`,
      silent: `timeout: health rpc did not complete within ${timeout}`,
    }[standing];
  if (exec && standing === 'silent')
    return `command timed out: "${(exec.command ?? []).join(' ')}" timed out after ${timeout}`;
  return '';
}

/** Nobody answers before the probe's time is over: a connection's handshake is awaited, too, where gRPC blocks on it. */
export const takesItsTime = (standing: Standing, { grpc }: Probe): boolean =>
  standing === 'silent' || (standing === 'refused' && grpc !== undefined);
