// A network without a machine: those who are named answer, nobody else is there. For simulations and tests.

import { utf8 } from '../../base/bytes.ts';
import { addressOf, addressText, type Outgoing, type OutgoingRequest, Unreachable } from './outgoing.ts';

export interface SimulatedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text as it is. */
  readonly body?: unknown;
}

export type SimulatedHost = (request: OutgoingRequest) => SimulatedAnswer | Promise<SimulatedAnswer>;

/** The hosts by where they are found: `127.0.0.1:443`. One that throws an Unreachable fails so. */
export function simulatedNetwork(hosts: Readonly<Record<string, SimulatedHost>> = {}): Outgoing {
  return {
    async send(request) {
      const where = addressText(request.address ?? addressOf(request.url));
      const host = hosts[where];
      if (!host) throw new Unreachable(`dial tcp ${where}: connect: connection refused`);
      const { status = 200, headers = {}, body } = await host(request);
      const bytes = utf8(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
      return {
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: {
          subscribe(sink, end) {
            sink([bytes]);
            end();
            return () => {};
          },
        },
      };
    },
  };
}
