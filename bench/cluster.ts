// A cluster for a benchmark: started by the real command line, in a state folder of its own, asked over HTTPS.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Agent, request } from 'node:https';
import { accessOf } from '../src/cli/access.ts';
import type { Access } from '../src/edge/kubeconfig.ts';
import { clusterFolder, readRecord } from '../src/edge/state-folder.ts';

const run = promisify(execFile);
const entry = fileURLToPath(new URL('../bin/portolan.js', import.meta.url));

export interface BenchCluster {
  readonly access: Access;
  readonly pid: number;
  /** A body is JSON unless another type is given. */
  call<T>(method: string, path: string, body?: object, type?: string): Promise<T>;
  /** Resident memory now, in megabytes. */
  residentMb(): number;
  down(): Promise<void>;
}

/** Starts a cluster with these options of `up`, by another checkout's command line if one is given. */
export async function benchCluster(options: readonly string[], command = entry): Promise<BenchCluster> {
  const home = mkdtempSync(join(tmpdir(), 'portolan-bench-'));
  const env = { ...process.env, PORTOLAN_HOME: home, CI: '1' };
  await run(process.execPath, [command, 'up', 'bench', ...options], { env });
  const folder = clusterFolder(home, 'bench');
  const access = accessOf(folder);
  const pid = readRecord(folder)?.pid ?? 0;
  const agent = new Agent({ ca: access.ca, cert: access.certificate, key: access.key, keepAlive: true });
  return {
    access,
    pid,
    call: (method, path, body, type) => call(agent, access, method, path, body, type),
    residentMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    async down() {
      agent.destroy();
      await run(process.execPath, [command, 'down', 'bench'], { env });
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function call<T>(
  agent: Agent,
  access: Access,
  method: string,
  path: string,
  body?: object,
  type = 'application/json',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': type } : {};
    const outgoing = request(new URL(path, access.server), { agent, method, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if ((incoming.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${text.slice(0, 300)}`));
        else resolve(JSON.parse(text) as T);
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}
