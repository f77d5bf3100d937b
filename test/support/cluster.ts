// A cluster for a test, started by the real command line in a state folder of its own, and real clients that speak to it.

import { execFile, type ExecFileException } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helmOf, type KubectlVersion, kubectlOf } from './clients.ts';

const entry = fileURLToPath(new URL('../../bin/portolan.js', import.meta.url));
const limit = 64 * 1024 * 1024;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestCluster {
  readonly home: string;
  readonly kubeconfig: string;
  readonly env: NodeJS.ProcessEnv;
  portolan(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Rejects when kubectl ends with another code than 0; see `tryKubectl`. Gives its standard output. */
  kubectl(
    args: string | readonly string[],
    options?: RunOptions & { readonly version?: KubectlVersion },
  ): Promise<string>;
  tryKubectl(
    args: string | readonly string[],
    options?: RunOptions & { readonly version?: KubectlVersion },
  ): Promise<Outcome>;
  helm(args: string | readonly string[], options?: RunOptions & { readonly major?: '3' | '4' }): Promise<string>;
  down(): Promise<void>;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      {
        env: options.env ?? process.env,
        maxBuffer: limit,
        timeout: options.timeoutMs ?? 120_000,
        ...(options.cwd && { cwd: options.cwd }),
      },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : 255) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

export const portolan = (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
  run(process.execPath, [entry, ...args], options);

const words = (args: string | readonly string[]): readonly string[] =>
  typeof args === 'string' ? args.split(' ').filter(Boolean) : args;

/** A fresh state folder and the environment that points to it. */
export function stateFolder(): { readonly home: string; readonly env: NodeJS.ProcessEnv } {
  const home = mkdtempSync(join(tmpdir(), 'portolan-test-'));
  return { home, env: { ...process.env, PORTOLAN_HOME: home, CI: '1', HOME: home } };
}

/** An environment in which somebody sits at a terminal: no CI, no test runner, a home of their own. */
export function attended(home: string): NodeJS.ProcessEnv {
  const unattended = ['CI', 'KUBECONFIG', 'VITEST', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT'];
  const kept = Object.entries(process.env).filter(([name]) => !unattended.includes(name));
  return { ...Object.fromEntries(kept), PORTOLAN_HOME: home, HOME: home };
}

/** Starts a cluster with these options of `up`. */
export async function testCluster(
  options: readonly string[] = ['--nodes', '3', '--zones', 'a,b,c'],
  name = 'test',
): Promise<TestCluster> {
  const { home, env: base } = stateFolder();
  const started = await portolan(['up', name, ...options], { env: base });
  if (started.code !== 0) {
    rmSync(home, { recursive: true, force: true });
    throw new Error(`up failed: ${started.stderr || started.stdout}`);
  }
  const kubeconfig = join(home, 'clusters', name, 'kubeconfig');
  const env = { ...base, KUBECONFIG: kubeconfig };
  const merged = (given: RunOptions = {}): RunOptions => ({ ...given, env: { ...env, ...given.env } });
  const checked = ({ code, stdout, stderr }: Outcome, what: string): string => {
    if (code === 0) return stdout;
    throw new Error(`${what} ended with ${code}: ${stderr || stdout}`);
  };
  const cluster: TestCluster = {
    home,
    kubeconfig,
    env,
    portolan: (args, given) => portolan(args, merged(given)),
    tryKubectl: (args, given) => run(kubectlOf(given?.version ?? '35'), words(args), merged(given)),
    kubectl: async (args, given) => checked(await cluster.tryKubectl(args, given), `kubectl ${words(args).join(' ')}`),
    helm: async (args, given) =>
      checked(await run(helmOf(given?.major ?? '4'), words(args), merged(given)), `helm ${words(args).join(' ')}`),
    async down() {
      await portolan(['down', name], { env });
      rmSync(home, { recursive: true, force: true });
    },
  };
  return cluster;
}
