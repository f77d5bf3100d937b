// What this process uses of the machine, as far as Node.js can see it.

import type { ProcessUse } from '../server/metrics/paths.ts';

const startedAt = Date.now() / 1000 - process.uptime();

export function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss(), startedAt };
}
