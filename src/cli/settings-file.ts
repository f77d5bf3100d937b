// What a cluster was started with, so that `up` can go on with it later without being told again.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterFolder, writePrivate } from '../edge/state-folder.ts';
import type { ClusterSettings } from './cluster-options.ts';

const settingsFile = (folder: ClusterFolder): string => join(folder.path, 'settings.json');

export function readSettings(folder: ClusterFolder): ClusterSettings | undefined {
  try {
    return JSON.parse(readFileSync(settingsFile(folder), 'utf8')) as ClusterSettings;
  } catch {
    return undefined;
  }
}

export function writeSettings(folder: ClusterFolder, settings: ClusterSettings): void {
  writePrivate(settingsFile(folder), `${JSON.stringify(settings, undefined, 2)}\n`);
}
