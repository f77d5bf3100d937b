// A server alone in the memory of a test, under virtual time, and a client that may do everything; what else lives is the test's own.

import { onTestFinished } from 'vitest';
import { type Log, silentLog } from '../../src/base/log.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { virtualClock, type VirtualClock } from '../../src/base/virtual-clock.ts';
import type { Transport } from '../../src/api/request.ts';
import type { Client } from '../../src/client/client.ts';
import { createInformers, type Informers } from '../../src/client/informers.ts';
import { createClient } from '../../src/client/transport-client.ts';
import { Namespace } from '../../src/kinds/core/namespace.ts';
import { ServiceAccount } from '../../src/kinds/core/service-account.ts';
import { undescribed } from '../../src/kinds/descriptions.ts';
import { createEventRecorder, type EventRecorder } from '../../src/reconcile/events.ts';
import { systemMasters } from '../../src/server/authorize.ts';
import { createServer, type ServerOptions } from '../../src/server/create-server.ts';
import { serveDefinitions } from '../../src/server/custom/definitions.ts';
import type { Server } from '../../src/server/server.ts';
import { memoryStore } from '../../src/store/memory-store.ts';

export interface Answer {
  readonly status: number;
  readonly warnings: string | readonly string[] | undefined;
  /** Parsed where it is JSON, else its text. */
  readonly body: never;
}

export interface BareServer {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly log: Log;
  readonly server: Server;
  readonly transport: Transport;
  readonly client: Client;
  readonly informers: Informers;
  readonly events: EventRecorder;
  /** Asks as clients outside do: in bytes. A body that is no bytes is sent as JSON. */
  ask(method: string, target: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface BareOptions {
  readonly now?: number;
  readonly log?: Log;
  /** Made before anything else, each with the service account `default`. */
  readonly namespaces?: readonly string[];
  /** Whether custom kinds are served. */
  readonly definitions?: boolean;
  /** What the server is made with besides, or instead. */
  readonly server?: Partial<ServerOptions>;
}

/** Ends with the test that asked for it. */
export async function bareServer(options: BareOptions = {}): Promise<BareServer> {
  const { now = Date.UTC(2026, 0, 1), log = silentLog, namespaces = ['default'] } = options;
  const clock = virtualClock(now);
  const random = seededRandom(1);
  const running = createServer({
    store: memoryStore({ clock }),
    clock,
    random: random.fork('server'),
    log,
    authenticators: [],
    authorizers: () => [systemMasters],
    describe: undescribed,
    healthChecks: [],
    ...options.server,
  });
  const stopping = new AbortController();
  onTestFinished(async () => {
    stopping.abort();
    await running.close();
  });
  const { transport, server } = running;
  const user = { name: 'test', groups: ['system:masters'] };
  const client = createClient({ transport, user, agent: 'test' });
  for (const name of namespaces) {
    await client.create(Namespace, { metadata: { name }, spec: {} });
    await client.create(ServiceAccount, { metadata: { name: 'default', namespace: name } });
  }
  if (options.definitions) await serveDefinitions(server, client);

  async function ask(method: string, target: string, body?: object, headers = {}): Promise<Answer> {
    const [path = '', query = ''] = target.split('?');
    const bytes = body instanceof Uint8Array ? body : body && new TextEncoder().encode(JSON.stringify(body));
    const answer = await transport.call({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { 'content-type': 'application/json', ...headers },
      ...(bytes && { body: bytes }),
      user,
      inProcess: false,
      signal: stopping.signal,
    });
    if (answer.body.type !== 'bytes' && answer.body.type !== 'object') throw new Error(answer.body.type);
    const text = answer.body.bytes ? new TextDecoder().decode(answer.body.bytes) : '';
    const json = text.startsWith('{') ? JSON.parse(text) : text;
    return { status: answer.status, warnings: answer.headers.warning, body: json as never };
  }

  return {
    clock,
    random,
    log,
    server,
    transport,
    client,
    informers: createInformers({ client, clock, log, signal: stopping.signal }),
    events: createEventRecorder({ client, clock, log }),
    ask,
  };
}
