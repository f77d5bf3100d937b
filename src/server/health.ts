// Health: /healthz, /livez and /readyz, whole, check by check, and with `?verbose` and `?exclude=`.

import type { ApiResponse } from '../api/request.ts';
import type { Exchange } from './exchange.ts';
import { type PathAnswer, text } from './paths.ts';

export interface HealthCheck {
  readonly name: string;
  /** Which of the three ask for it. */
  readonly in: readonly ('healthz' | 'livez' | 'readyz')[];
  /** Undefined: well. Otherwise what is wrong. */
  check(): string | undefined;
}

export function healthPaths(checks: readonly HealthCheck[]): ReadonlyMap<string, PathAnswer> {
  const paths = new Map<string, PathAnswer>();
  for (const endpoint of ['healthz', 'livez', 'readyz'] as const) {
    const own = checks.filter((check) => check.in.includes(endpoint));
    paths.set(`/${endpoint}`, (exchange) => all(endpoint, own, exchange));
    for (const check of own) paths.set(`/${endpoint}/${check.name}`, () => one(check));
  }
  return paths;
}

function one(check: HealthCheck): ApiResponse {
  const fault = check.check();
  return fault === undefined ? text(200, 'ok') : text(500, `internal server error: ${fault}\n`);
}

function all(endpoint: string, checks: readonly HealthCheck[], exchange: Exchange): ApiResponse {
  const { query } = exchange.request;
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.has(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const well = check.check() === undefined;
    if (!well) failed = true;
    lines.push(well ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  const unknown = [...excluded].filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(', ')}`,
    );
  }
  if (failed) return text(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  return query.has('verbose') ? text(200, `${lines.join('\n')}\n${endpoint} check passed\n`) : text(200, 'ok');
}
