// What this process uses of the machine, as far as Node.js can see it.

import { statSync } from 'node:fs';
import type { ProcessUse } from '../server/metrics/paths.ts';

const startedAt = Date.now() / 1000 - process.uptime();

/** `database`: the file that holds the state, where there is one. */
export function processUse(database?: string): ProcessUse {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAt,
    ...(database !== undefined && { databaseBytes: statSync(database, { throwIfNoEntry: false })?.size ?? 0 }),
  };
}
