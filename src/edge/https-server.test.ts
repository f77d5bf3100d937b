import { mkdtempSync, rmSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { utf8 } from '../base/bytes.ts';
import { silentLog } from '../base/log.ts';
import type { ApiRequest, ApiResponse } from '../api/request.ts';
import { serveHttps } from './https-server.ts';
import { openPki } from './pki.ts';

/** A server that answers like this, and a way to ask it. */
async function serving(call: (request: ApiRequest) => Promise<ApiResponse>) {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-https-'));
  const pki = await openPki(folder, '10.96.0.1', Date.now());
  const { port, close } = await serveHttps({
    transport: { call },
    log: silentLog,
    ...pki.server,
    clientCa: pki.ca.certificate,
    host: '127.0.0.1',
    port: 0,
  });
  onTestFinished(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });
  return (options: RequestOptions = {}) => get({ host: '127.0.0.1', port, ca: pki.ca.certificate, ...options });
}

const answered = (headers: ApiResponse['headers']): ApiResponse => ({
  status: 200,
  headers,
  body: { type: 'bytes', bytes: utf8('{}') },
});

test('headers beyond ASCII go out as UTF-8, as Go sends them', async () => {
  const ask = await serving(async () =>
    answered({ warning: ['299 - "unknown field \\"ünïcödé 🚢\\""', '299 - "plain"'] }),
  );
  const warning = await new Promise<string>((resolve, reject) => {
    ask()
      .on('response', (response) => {
        response.resume();
        resolve(String(response.headers.warning));
      })
      .on('error', reject);
  });
  expect(Buffer.from(warning, 'latin1').toString('utf8')).toBe('299 - "unknown field \\"ünïcödé 🚢\\"", 299 - "plain"');
});

test('whoever answers is told that the client has gone, also when asking late', async () => {
  const asked = Promise.withResolvers<ApiRequest>();
  const ask = await serving((request) => {
    asked.resolve(request);
    return new Promise(() => {});
  });
  const outgoing = ask().on('error', () => {});
  const request = await asked.promise;
  const { signal } = request;
  const gone = new Promise((resolve) => signal.addEventListener('abort', resolve));
  outgoing.destroy();
  await gone;
  expect(request.signal.aborted).toBe(true);
});
