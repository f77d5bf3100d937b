// A real HTTPS server for tests, on loopback: what webhooks and other API servers are in a user's own process.

import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createAuthority } from '../../src/edge/certificates.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: any;
  /** Whom the client's certificate names; undefined where it shows none. */
  readonly client: string | undefined;
}

export interface RemoteServer {
  readonly port: number;
  /** The authority of its certificate, PEM in base64 as configurations hold it. */
  readonly caBundle: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

export type Answer = (asked: Asked, response: ServerResponse) => object | undefined;

/** Answers with JSON what `answer` gives; where that is undefined, it has answered itself. */
export async function remoteServer(names: readonly string[], answer: Answer): Promise<RemoteServer> {
  const authority = await createAuthority('test', Date.now());
  const { certificate, key } = await authority.issueServer(names, ['127.0.0.1']);
  const asked: Asked[] = [];
  const server: Server = createServer(
    { cert: certificate, key, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        // A client that has hung up shows none any more.
        const subject = (request.socket as TLSSocket).getPeerCertificate()?.subject as { CN?: string } | undefined;
        const { method = '', url: path = '', headers } = request;
        const one: Asked = { method, path, headers, body: text ? JSON.parse(text) : undefined, client: subject?.CN };
        asked.push(one);
        const body = answer(one, response);
        if (!body) return;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(body));
      });
    },
  );
  // Whoever wants another protocol gets an echo.
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
