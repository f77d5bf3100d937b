// HTTPS requests to others: webhooks and aggregated API servers. What goes wrong is told in the words of Go's client, as users know them.

import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import {
  addressOf,
  addressText,
  type Chunks,
  type Outgoing,
  type OutgoingAnswer,
  type OutgoingRequest,
  Unreachable,
} from '../server/outgoing/outgoing.ts';
import type { KeyPair } from './certificates.ts';
import { connectionOver } from './upgrades.ts';

/** Connections to one place at a time, and those kept for later. */
const mostSockets = 256;
const mostIdle = 25;
/** How long a connection that nobody uses is kept, in milliseconds. */
const idleMs = 30_000;

export interface HttpsOutgoingOptions {
  /** What this server shows where it speaks for its users. */
  readonly proxyIdentity?: KeyPair;
}

export interface HttpsOutgoing extends Outgoing {
  /** Closes connections that are kept for later. */
  close(): void;
}

export function httpsOutgoing({ proxyIdentity }: HttpsOutgoingOptions = {}): HttpsOutgoing {
  const agent = new Agent({ keepAlive: true, maxSockets: mostSockets, maxFreeSockets: mostIdle, timeout: idleMs });
  return {
    send: (request) => sendAgainIfStale(optionsOf(request, agent, proxyIdentity), request),
    close: () => agent.destroy(),
  };
}

function optionsOf(request: OutgoingRequest, agent: Agent, identity: KeyPair | undefined): RequestOptions {
  const url = new URL(request.url);
  const { host, port } = request.address ?? addressOf(request.url);
  const name = addressOf(request.url).host;
  return {
    agent: request.upgrade ? false : agent,
    method: request.method,
    host: isLoopback(host) ? 'localhost' : host,
    port,
    path: url.pathname + url.search,
    headers: { host: url.host, ...lengthOf(request), ...request.headers } as Record<string, string | string[]>,
    servername: isIP(name) ? '' : name,
    rejectUnauthorized: request.insecure !== true,
    ...(request.caBundle !== undefined && { ca: request.caBundle }),
    ...(request.asProxy && identity && { cert: identity.certificate, key: identity.key }),
    ...(request.signal && { signal: request.signal }),
  };
}

/** Node itself tells it with some methods only, and not with DELETE. */
const lengthOf = ({ body }: OutgoingRequest) => (body ? { 'content-length': String(body.length) } : {});

/** Names below `localhost` are this machine (RFC 6761), which not every name server knows. */
const isLoopback = (host: string): boolean => /(^|\.)localhost\.?$/i.test(host);

/** A connection kept from before may have been closed meanwhile: that is nobody's fault, and one more try finds out. */
async function sendAgainIfStale(options: RequestOptions, request: OutgoingRequest): Promise<OutgoingAnswer> {
  try {
    return await sendOnce(options, request);
  } catch (error) {
    if (!(error instanceof Unreachable) || (error.cause as Stale | undefined)?.stale !== true) throw error;
    return sendOnce({ ...options, agent: false }, request);
  }
}

interface Stale {
  readonly stale: boolean;
}

function sendOnce(options: RequestOptions, request: OutgoingRequest): Promise<OutgoingAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(options);
    let late = false;
    const timer =
      request.timeout === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            outgoing.destroy(new Error('late'));
          }, request.timeout);
    const done = () => clearTimeout(timer);
    const why = (error: Error) =>
      late
        ? 'context deadline exceeded'
        : request.signal?.aborted
          ? 'context canceled'
          : explain(error, options, request);
    outgoing.once('error', (error) => {
      done();
      const stale = outgoing.reusedSocket && isReset(error) && !late;
      reject(new Unreachable(why(error), { cause: { stale } satisfies Stale }));
    });
    outgoing.once('response', (answer) => {
      answer.once('close', done);
      resolve({
        status: answer.statusCode ?? 0,
        headers: headersOf(answer),
        body: chunksOf(answer, outgoing, (error) => new Error(isReset(error) && !late ? 'unexpected EOF' : why(error))),
      });
    });
    outgoing.once('upgrade', (answer, socket, head) => {
      done();
      const connection = { ...connectionOver(socket, head), close: () => void socket.destroy() };
      resolve({ status: 101, headers: headersOf(answer), body: nothing, connection });
    });
    outgoing.end(request.body);
  });
}

const nothing: Chunks = {
  subscribe(_, end) {
    end();
    return () => {};
  },
};

const isReset = (error: Fault): boolean => error.code === 'ECONNRESET';

function headersOf({ headers }: IncomingMessage): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function chunksOf(answer: IncomingMessage, outgoing: ClientRequest, worded: (error: Error) => Error): Chunks {
  return {
    subscribe(sink, end) {
      let ended = false;
      const finish = (broken?: Error) => {
        if (ended) return;
        ended = true;
        if (broken) end(worded(broken));
        else end();
      };
      answer.on('data', (chunk: Buffer) => {
        if (!ended) sink([chunk]);
      });
      answer.once('end', () => finish());
      answer.once('error', finish);
      answer.once('close', () => finish(answer.complete ? undefined : new Error('unexpected EOF')));
      return () => {
        ended = true;
        outgoing.destroy();
      };
    },
  };
}

type Fault = Error & {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly cert?: PeerCertificate;
  readonly errors?: readonly Fault[];
};

const dialFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
};

const unknownAuthorities = new Set([
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Go's words for what Node says. */
function explain(error: Fault, options: RequestOptions, request: OutgoingRequest): string {
  const fault = error.errors?.[0] ?? error;
  const { code = '' } = fault;
  const dial = dialFaults[code];
  if (dial) {
    const where = { host: fault.address ?? String(options.host), port: fault.port ?? Number(options.port) };
    return `dial tcp ${addressText(where)}: ${dial}`;
  }
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${fault.hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${fault.hostname}: server misbehaving`;
  if (unknownAuthorities.has(code)) return certificateFault('certificate signed by unknown authority');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return certificateFault(nameFault(fault, addressOf(request.url).host));
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return certificateFault('certificate has expired or is not yet valid');
  if (/wrong version number|packet length too long|http request/i.test(fault.message))
    return 'http: server gave HTTP response to HTTPS client';
  if (/alert/i.test(code)) return `remote error: tls: ${alertText(fault.message)}`;
  if (code === 'ECONNRESET') return 'EOF';
  return fault.message;
}

const certificateFault = (why: string): string => `tls: failed to verify certificate: x509: ${why}`;

const alertText = (message: string): string =>
  /alert ([a-z ]+)/i
    .exec(message)?.[1]
    ?.trim()
    .replace(/^(bad|unknown|expired) /, '$1 ') ?? 'internal error';

/** The certificate names others. */
function nameFault({ cert }: Fault, name: string): string {
  const alternatives = (cert?.subjectaltname ?? '').split(', ').filter(Boolean);
  const of = (kind: string) =>
    alternatives.filter((each) => each.startsWith(kind)).map((each) => each.slice(kind.length));
  const addresses = of('IP Address:');
  if (isIP(name) && addresses.length === 0)
    return `cannot validate certificate for ${name} because it doesn't contain any IP SANs`;
  if (isIP(name)) return `certificate is valid for ${addresses.join(', ')}, not ${name}`;
  if (alternatives.length === 0) return 'certificate relies on legacy Common Name field, use SANs instead';
  const names = of('DNS:');
  if (names.length === 0) return `certificate is not valid for any names, but wanted to match ${name}`;
  return `certificate is valid for ${names.join(', ')}, not ${name}`;
}
