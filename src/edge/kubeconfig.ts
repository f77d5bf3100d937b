// Kubeconfig files: a private one for each cluster, and the user's own, into which a cluster's context is merged and taken out again.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { dump, load } from 'js-yaml';
import { writePrivate } from './state-folder.ts';

export interface Access {
  readonly name: string;
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

interface Named {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  clusters?: Named[] | null;
  contexts?: Named[] | null;
  users?: Named[] | null;
  'current-context'?: string;
  [field: string]: unknown;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Context, cluster and user are all called this. */
export const contextName = (cluster: string): string => `portolan-${cluster}`;

function entriesOf({ name, server, ca, certificate, key }: Access) {
  const context = contextName(name);
  return {
    clusters: { name: context, cluster: { 'certificate-authority-data': base64(ca), server } },
    contexts: { name: context, context: { cluster: context, user: context } },
    users: { name: context, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } },
  };
}

/** A kubeconfig with this cluster and nothing else. */
export function kubeconfigText(access: Access): string {
  const { clusters, contexts, users } = entriesOf(access);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [clusters],
    contexts: [contexts],
    'current-context': contextName(access.name),
    users: [users],
    preferences: {},
  };
  return dump(config, { lineWidth: -1 });
}

/** The file kubectl itself would write to: the first of `$KUBECONFIG`, or ~/.kube/config. */
export function userKubeconfig(environment: NodeJS.ProcessEnv): string {
  const first = (environment.KUBECONFIG ?? '').split(delimiter).find((path) => path !== '');
  return first ?? join(environment.HOME ?? homedir(), '.kube', 'config');
}

/** @throws an Error naming the file when it is there and no kubeconfig */
export const checkKubeconfig = (file: string): void => void readConfig(file);

/** Adds or renews the cluster's entries and makes its context the current one. Whatever else is in the file stays. */
export function mergeInto(file: string, access: Access): void {
  const config = readConfig(file);
  const own = entriesOf(access);
  for (const section of ['clusters', 'contexts', 'users'] as const) {
    const others = (config[section] ?? []).filter(({ name }) => name !== contextName(access.name));
    config[section] = [...others, own[section]];
  }
  config['current-context'] = contextName(access.name);
  writeConfig(file, config);
}

/** Takes the cluster's entries out again. */
export function removeFrom(file: string, cluster: string): void {
  if (!existsSync(file)) return;
  const config = readConfig(file);
  const name = contextName(cluster);
  const present = (['clusters', 'contexts', 'users'] as const).some((section) =>
    config[section]?.some((entry) => entry.name === name),
  );
  if (!present) return;
  for (const section of ['clusters', 'contexts', 'users'] as const) {
    config[section] = (config[section] ?? []).filter((entry) => entry.name !== name);
  }
  if (config['current-context'] === name) config['current-context'] = '';
  writeConfig(file, config);
}

/** @throws an Error naming the file when it is no kubeconfig; nothing is then changed */
function readConfig(file: string): Kubeconfig {
  if (!existsSync(file)) return { apiVersion: 'v1', kind: 'Config' };
  const text = readFileSync(file, 'utf8');
  if (text.trim() === '') return { apiVersion: 'v1', kind: 'Config' };
  try {
    const config = load(text) as Kubeconfig;
    if (config !== null && typeof config === 'object' && !Array.isArray(config)) return config;
  } catch {
    // Told below, with the file's name.
  }
  throw new Error(`${file} is not a kubeconfig that can be read; mend it, or set KUBECONFIG to another file`);
}

function writeConfig(file: string, config: Kubeconfig): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writePrivate(file, dump(config, { lineWidth: -1 }));
}
