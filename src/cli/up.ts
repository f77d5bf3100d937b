// portolan up: starts a cluster and returns once it answers and its nodes are ready.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type ClusterFolder,
  type ClusterRecord,
  clusterFolder,
  isAlive,
  makeFolder,
  readRecord,
  removeFolder,
  removeRecord,
  stateHome,
} from '../edge/state-folder.ts';
import { accessOf, nodesReady } from './access.ts';
import { type ClusterSettings, durationOf, remarksOn, settingsOf, withClusterOptions } from './cluster-options.ts';
import { clusterNameOf } from './cluster-name.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';
import { checkUserKubeconfig, isUnattended, joinUserKubeconfig } from './manners.ts';
import type { Progress } from './server-process.ts';
import { readSettings } from './settings-file.ts';

export const up: CliCommand = {
  name: 'up',
  example: 'portolan up --nodes 6 --zones a,b,c',
  define: (parser) =>
    withClusterOptions(parser)
      .description('start a cluster of simulated nodes; returns when it answers and the nodes are ready')
      .argument('[name]', 'the cluster (default: default)')
      .option('--wait <duration>', 'how long to wait for the nodes', '30s')
      .option('--foreground', 'stay, and stop the cluster with ctrl-c'),

  async run(options, [given]) {
    const name = clusterNameOf(given);
    const folder = clusterFolder(stateHome(process.env), name);
    const before = readSettings(folder);
    const settings = settingsOf(name, options, before);
    const patience = durationOf('--wait', String(options.wait));
    checkUserKubeconfig();
    if (options.foreground === true) return foreground(settings);
    const running = runningRecord(folder);
    if (running) return already(running, folder, differing(settings, before, running));
    const started = performance.now();
    const record = await startCluster(settings, patience, (progress) => say(progress, settings));
    console.log(
      `Cluster ${contextOf(settings.name)} is ready in ${((performance.now() - started) / 1000).toFixed(1)} s.${kubectlLine(settings.name)}`,
    );
    console.log(nextSteps(record));
    return 0;
  },
};

const contextOf = (name: string): string => `portolan-${name}`;

/** The record of a cluster that runs; a stale one of a process that died is put away. */
export function runningRecord(folder: ClusterFolder): ClusterRecord | undefined {
  const record = readRecord(folder);
  if (!record) return undefined;
  if (isAlive(record)) return record;
  removeRecord(folder);
  return undefined;
}

/** What is to be otherwise than it was. */
function differing(settings: ClusterSettings, before: ClusterSettings | undefined, { port }: ClusterRecord): string[] {
  if (!before) return [];
  const same = settings.port === port ? { ...before, port } : before;
  const keys = Object.keys(settings) as (keyof ClusterSettings)[];
  return keys.filter((key) => JSON.stringify(settings[key]) !== JSON.stringify(same[key]));
}

function already(record: ClusterRecord, folder: ClusterFolder, changed: readonly string[]): 0 {
  if (changed.length > 0) {
    throw new UserError(
      `cluster ${record.name} runs already, with other settings (${changed.join(', ')}). To change that: portolan down ${record.name} --keep-data, then up again`,
    );
  }
  console.log(`Cluster ${contextOf(record.name)} runs already at ${record.url}.${kubectlLine(record.name)}`);
  joinUserKubeconfig(accessOf(folder));
  return 0;
}

/** Where kubectl finds the cluster: the user's own kubeconfig, or a private one where that must not be touched. */
function kubectlLine(name: string): string {
  if (!isUnattended(process.env)) return ` kubectl's context is ${contextOf(name)}.`;
  return `\n  export KUBECONFIG=${clusterFolder(stateHome(process.env), name).kubeconfig}`;
}

function nextSteps(record: ClusterRecord): string {
  const name = record.name === 'default' ? '' : ` ${record.name}`;
  return [
    '',
    '  kubectl get nodes              as always',
    `  portolan status${name}`.padEnd(33) + 'what runs where',
    `  portolan down${name}`.padEnd(33) + 'stop it and remove it',
  ].join('\n');
}

function say({ step, text }: Progress, settings: ClusterSettings): void {
  if (step === 'server') console.log(`✓ API server     ${text}`);
  if (step === 'control-plane') console.log(`✓ Control plane  ${text}`);
  if (step === 'nodes' && settings.nodes.length > 0) console.log(`✓ Nodes          ${text}`);
}

/** Starts the server process and waits for it and its nodes. Also merges the kubeconfig where that is wanted. */
export async function startCluster(
  settings: ClusterSettings,
  patienceMs: number,
  progress: (progress: Progress) => void,
  { merge = true } = {},
): Promise<ClusterRecord> {
  const folder = clusterFolder(stateHome(process.env), settings.name, settings.dataDir);
  for (const remark of remarksOn(settings)) console.error(`warning: ${remark}`);
  await orNothing(folder, () => launch(settings, folder, patienceMs, progress));
  const record = readRecord(folder);
  if (!record)
    throw new UserError(`the server of ${settings.name} died while starting; its last words are in ${folder.log}`, 4);
  const access = accessOf(folder);
  if (!settings.bare && !settings.controllersOnly)
    progress({ step: 'control-plane', text: 'controllers and scheduler' });
  const ready = await nodesReady(access, settings.nodes.length, patienceMs);
  if (ready < settings.nodes.length) {
    throw new UserError(
      `only ${ready} of ${settings.nodes.length} nodes were ready within ${patienceMs / 1000} s; the cluster goes on. Look: portolan status ${settings.name}`,
      124,
    );
  }
  const zones = settings.zones.length > 0 ? ` in zones ${settings.zones.join(' ')}` : '';
  progress({ step: 'nodes', text: `${ready} ready${zones}   simulated: no container really runs` });
  if (merge) joinUserKubeconfig(access);
  return record;
}

/** A small nursery keeps the server small; it costs a few percent of speed. */
const serverFlags = ['--max-semi-space-size=4'];

/** A mistake of the user's leaves no cluster behind that never was. */
async function orNothing<T>(folder: ClusterFolder, start: () => Promise<T>): Promise<T> {
  const fresh = !existsSync(folder.path);
  makeFolder(folder);
  try {
    return await start();
  } catch (error) {
    if (fresh && error instanceof UserError && error.exitCode === 2) removeFolder(folder);
    throw error;
  }
}

const entry = fileURLToPath(new URL('../../bin/portolan.js', import.meta.url));

function launch(
  settings: ClusterSettings,
  folder: ClusterFolder,
  patienceMs: number,
  progress: (progress: Progress) => void,
): Promise<void> {
  const out = openSync(folder.log, 'a', 0o600);
  const child = spawn(process.execPath, [...serverFlags, entry, 'serve', JSON.stringify(settings)], {
    detached: true,
    stdio: ['ignore', out, out, 'ipc'],
  });
  closeSync(out);
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill();
      reject(
        new UserError(`the server did not answer within ${patienceMs / 1000} s; its words are in ${folder.log}`, 124),
      );
    }, patienceMs);
    child.on('message', (message: Progress) => {
      progress(message);
      if (message.step === 'failed') {
        child.kill();
        reject(new UserError(message.text, (message.exitCode ?? 4) as 2));
      }
      if (message.step === 'ready') resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new UserError(`the server ended with code ${code} while starting: ${lastWords(folder.log)}`, 4));
    });
    child.once('message', () => clearTimeout(timer));
  }).finally(() => {
    if (child.connected) child.disconnect();
    child.unref();
    child.removeAllListeners();
  });
}

function lastWords(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.at(-1) || `nothing was said; see ${file}`;
}

async function foreground(settings: ClusterSettings): Promise<0> {
  const folder = clusterFolder(stateHome(process.env), settings.name, settings.dataDir);
  const before = runningRecord(folder);
  if (before)
    throw new UserError(
      `cluster ${settings.name} runs already, as process ${before.pid}. Stop it first: portolan down ${settings.name} --keep-data`,
    );
  const { serve } = await import('./server-process.ts');
  for (const remark of remarksOn(settings)) console.error(`warning: ${remark}`);
  const tell = (progress: Progress) => {
    say(progress, settings);
    if (progress.step !== 'ready') return;
    joinUserKubeconfig(accessOf(folder));
    console.log(`Cluster ${contextOf(settings.name)} is ready; ctrl-c stops it.${kubectlLine(settings.name)}`);
  };
  await orNothing(folder, () => serve(settings, tell));
  return 0;
}
