// What answers at the ports of simulated containers: a small honest page over HTTP, as quick or as dead as the container's behaviour says.

import { bytePipe, type ByteDuplex } from '../base/byte-pipe.ts';
import { concat, utf8 } from '../base/bytes.ts';
import type { Instant } from '../base/clock.ts';
import type { Container, Probe } from '../kinds/generated/types/core-v1.ts';
import type { ProxyAnswer, ProxyRequest } from '../server/kubelets.ts';
import { RuntimeFailure } from './runtime.ts';
import { runsKnownProgram } from './own-command.ts';
import type { Entry } from './simulated-container.ts';
import { standingTowards } from './simulated-probe.ts';

/** Whether a container listens: at the ports it declares and its probes ask; one that declares none is taken to
 * listen at any, unless it runs what we know not to listen. */
export function listensAt(container: Container, port: number): boolean {
  const { ports = [] } = container;
  const declared = [...ports.map(({ containerPort }) => containerPort), ...probedPorts(container)];
  return declared.length === 0 ? !runsKnownProgram(container) : declared.includes(port);
}

function probedPorts({ startupProbe, readinessProbe, livenessProbe }: Partial<Container>): number[] {
  const portOf = (probe: Probe | undefined) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port;
  return [startupProbe, readinessProbe, livenessProbe].map(portOf).filter((port) => typeof port === 'number');
}

/** What a request meets: an answer, nobody who would take the connection, or somebody who never answers. */
export function answerOf(
  entry: Entry,
  request: ProxyRequest,
  port: number,
  now: Instant,
): ProxyAnswer | 'refused' | 'silent' {
  const { pod, container } = entry;
  const [path = '/'] = request.path.split('?');
  const toConnect = standingTowards(entry, { name: 'liveness', probe: { tcpSocket: { port } } }, now).standing;
  const toAnswer = standingTowards(entry, { name: 'readiness', probe: { httpGet: { port, path } } }, now).standing;
  if (toAnswer === 'silent' || toConnect === 'silent') return 'silent';
  if (toConnect !== 'well') return 'refused';
  const ready = toAnswer === 'well';
  const { name, namespace } = pod.metadata;
  const lines = [
    `pod ${namespace}/${name}, container ${container.name}, image ${container.image}, port ${port}`,
    `${request.method} ${request.path}`,
    'This container is simulated by Portolan: no program really runs here.',
  ];
  return {
    status: ready ? 200 : 503,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: utf8(lines.map((line) => `${line}\n`).join('')),
  };
}

/** What a request's head and body may hold, in bytes. */
const largestHead = 64 * 1024;
const largestBody = 4 * 1024 * 1024;

/** One character for each byte, so that places in one are places in the other. */
const latin = new TextDecoder('latin1');

/** HTTP/1.1 over bytes: requests in, one after another, and their answers out. `answer` may never come. */
export function httpOverBytes(answer: (request: ProxyRequest) => Promise<ProxyAnswer>): ByteDuplex {
  const [incoming, outgoing] = [bytePipe(), bytePipe()];
  void serve();
  return { input: outgoing, output: incoming };

  async function serve(): Promise<void> {
    let rest: Uint8Array = new Uint8Array();
    const more = async (limit: number): Promise<void> => {
      const bytes = rest.length > limit ? undefined : await incoming.read();
      if (!bytes) throw new RangeError('the request ends too early or is too large');
      rest = concat(rest, bytes);
    };
    const take = async (count: number): Promise<Uint8Array> => {
      while (rest.length < count) await more(largestBody);
      const taken = rest.subarray(0, count);
      rest = rest.subarray(count);
      return taken;
    };
    const takeThrough = async (mark: string): Promise<string> => {
      let end = latin.decode(rest).indexOf(mark);
      for (; end < 0; end = latin.decode(rest).indexOf(mark)) await more(largestHead);
      return latin.decode(await take(end + mark.length)).slice(0, end);
    };

    try {
      for (let alive = true; alive; ) {
        if (rest.length === 0) {
          const first = await incoming.read();
          if (!first) break;
          rest = first;
        }
        const { head, closes } = headOf(await takeThrough('\r\n\r\n'));
        const body =
          head.headers['transfer-encoding'] === 'chunked' ? await chunks() : await take(lengthOf(head.headers));
        const reply = await answer({ ...head, body });
        alive = !closes;
        await outgoing.write(replyBytes(reply, { alive, withBody: head.method !== 'HEAD' }));
      }
    } catch (error) {
      // Nobody answered: the connection just ends.
      if (!(error instanceof RangeError) && !(error instanceof RuntimeFailure)) throw error;
      if (error instanceof RangeError)
        await outgoing.write(
          replyBytes(
            { status: 400, headers: { 'content-type': 'text/plain' }, body: utf8(`${error.message}\n`) },
            { alive: false, withBody: true },
          ),
        );
    }
    outgoing.end();
    incoming.cancel();

    async function chunks(): Promise<Uint8Array> {
      const parts: Uint8Array[] = [];
      for (let size = 0; ; ) {
        const length = parseInt(await takeThrough('\r\n'), 16);
        size += length;
        if (!(length >= 0) || size > largestBody) throw new RangeError('the request has a broken chunk');
        parts.push(await take(length));
        await take(2);
        if (length === 0) return concat(...parts);
      }
    }
  }
}

function lengthOf(headers: Readonly<Record<string, string>>): number {
  const length = Number(headers['content-length'] ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > largestBody)
    throw new RangeError('the request has a broken length');
  return length;
}

function headOf(text: string): { readonly head: Omit<ProxyRequest, 'body'>; readonly closes: boolean } {
  const [first = '', ...lines] = text.split('\r\n');
  const [, method, path, version] = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/.exec(first) ?? [];
  if (method === undefined || path === undefined) throw new RangeError('this is no HTTP/1.1');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const closes =
    /close/i.test(headers.connection ?? '') || (version === '0' && !/keep-alive/i.test(headers.connection ?? ''));
  return { head: { method, path, headers }, closes };
}

const reasons: Record<number, string> = { 200: 'OK', 400: 'Bad Request', 404: 'Not Found', 503: 'Service Unavailable' };

function replyBytes(
  { status, headers, body }: ProxyAnswer,
  { alive, withBody }: { alive: boolean; withBody: boolean },
): Uint8Array {
  const all = { ...headers, 'content-length': String(body.length), ...(!alive && { connection: 'close' }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return concat(
    utf8(`HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${lines.join('')}\r\n`),
    withBody ? body : new Uint8Array(),
  );
}
