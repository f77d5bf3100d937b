// A small client of the public API for commands that do more than read once.

import { Agent, request } from 'node:https';
import type { Access } from '../edge/kubeconfig.ts';

export interface Api {
  /** @throws ApiFault when the server refuses */
  call<T>(method: string, path: string, body?: object, contentType?: string): Promise<T>;
  close(): void;
}

export class ApiFault extends Error {
  readonly code: number;
  /** What the server says lies behind it: the budget that forbids an eviction. */
  readonly causes: readonly string[];
  constructor(code: number, message: string, causes: readonly string[]) {
    super(message);
    this.code = code;
    this.causes = causes;
  }
}

interface StatusBody {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly message?: string }[] };
}

/** How long a request may take, in milliseconds. */
const patience = 10_000;

export function openApi(access: Access): Api {
  const agent = new Agent({ ca: access.ca, cert: access.certificate, key: access.key, keepAlive: true });
  return {
    call: (method, path, body, contentType = 'application/json') =>
      new Promise((resolve, reject) => {
        const headers = body ? { 'content-type': contentType } : {};
        const outgoing = request(
          new URL(path, access.server),
          { agent, method, headers, timeout: patience },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
            incoming.on('end', () => {
              const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as StatusBody;
              const code = incoming.statusCode ?? 500;
              if (code < 400) resolve(answer as never);
              else
                reject(
                  new ApiFault(
                    code,
                    answer.message ?? `status ${code}`,
                    (answer.details?.causes ?? []).map(({ message = '' }) => message),
                  ),
                );
            });
          },
        );
        outgoing.on('timeout', () =>
          outgoing.destroy(new Error(`${access.server} did not answer within ${patience / 1000} s`)),
        );
        outgoing.on('error', reject);
        outgoing.end(body && JSON.stringify(body));
      }),
    close: () => agent.destroy(),
  };
}
