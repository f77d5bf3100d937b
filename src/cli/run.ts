// portolan run -- CMD: a cluster for the time of one command; its exit code is the command's.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { clusterFolder, stateHome } from '../edge/state-folder.ts';
import { durationOf, settingsOf, withClusterOptions } from './cluster-options.ts';
import { clusterNameOf } from './cluster-name.ts';
import type { CliCommand } from './command.ts';
import { stopCluster } from './down.ts';
import { type ExitCode, UserError } from './errors.ts';
import { startCluster } from './up.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

export const run: CliCommand = {
  name: 'run',
  example:
    "portolan run --nodes 3 -- sh -c 'kubectl apply -f app.yaml && kubectl wait --for=condition=Available deployment --all'",
  define: (parser) =>
    withClusterOptions(parser)
      .description('start a cluster in memory, run a command with KUBECONFIG set, pass on its exit code, tear down')
      .argument('<command...>', 'after --')
      .option('--name <name>', 'the cluster (default: one of its own)')
      .option('--wait <duration>', 'how long to wait for the nodes', '30s')
      .passThroughOptions(),

  async run(options, args) {
    const [command, ...rest] = args;
    if (command === undefined) throw new UserError('what is to be run comes after --');
    const name = clusterNameOf((options.name as string | undefined) ?? `run-${process.pid}`);
    const settings = settingsOf(name, { ...options, store: 'memory' });
    const patience = durationOf('--wait', String(options.wait));
    const folder = clusterFolder(stateHome(process.env), name);
    if (existsSync(folder.path))
      throw new UserError(`cluster ${name} is there already; run needs one of its own, so choose another --name`);
    // Until the command runs, a signal is for the cluster: it is torn down all the same.
    const interrupted = new AbortController();
    const interrupt = () => interrupted.abort();
    for (const signal of signals) process.on(signal, interrupt);
    try {
      await startCluster(settings, patience, () => {}, { merge: false });
      if (interrupted.signal.aborted) return 1;
      return await execute(command, rest, folder.kubeconfig);
    } finally {
      if (existsSync(folder.path)) await stopCluster(name, 'remove', () => {});
      for (const signal of signals) process.off(signal, interrupt);
    }
  },
};

function execute(command: string, args: readonly string[], kubeconfig: string): Promise<ExitCode> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return new Promise<ExitCode>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UserError(
          error.code === 'ENOENT'
            ? `there is no program ${command}`
            : `${command} could not be started: ${error.message}`,
        ),
      ),
    );
    child.once('exit', (code, signal) =>
      resolve((code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)) as ExitCode),
    );
  }).finally(() => {
    for (const signal of signals) process.off(signal, pass);
  });
}
