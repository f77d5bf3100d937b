// Paths that are no resource's: discovery, OpenAPI, health, version. One table; what it does not name is a plain 404.

import type { ApiResponse } from '../api/request.ts';
import { methodNotAllowed } from '../api/status.ts';
import type { Exchange } from './exchange.ts';

export type PathHandler = (exchange: Exchange, path: string) => Promise<ApiResponse>;

/** A handler of one path, or of all below it when the key ends in a slash. Undefined: this path is not its own after all. */
export type PathAnswer = (
  exchange: Exchange,
  path: string,
) => ApiResponse | undefined | Promise<ApiResponse | undefined>;

const encoder = new TextEncoder();

/** `documents` are the paths that come and go with what is served; the index at `/` names them as well. */
export function pathHandler(
  answers: ReadonlyMap<string, PathAnswer>,
  documents: () => readonly string[] = () => [],
): PathHandler {
  const fixed = [...answers.keys()].filter((path) => path !== '/api/');
  const index = () => json({ paths: [...fixed, ...documents()].sort() });
  const all = new Map<string, PathAnswer>([...answers, ['/', index]]);
  return async (exchange, path) => {
    for (const key of candidates(path)) {
      const response = await all.get(key)?.(exchange, path);
      if (response) return response;
    }
    return text(404, '404 page not found\n');
  };
}

/** The path itself, then each folder above it: `/readyz/etcd`, `/readyz/`. The root is only ever asked for itself. */
function candidates(path: string): string[] {
  const keys = [path];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) keys.push(path.slice(0, at + 1));
  return keys;
}

export const json = (value: object, status = 200): ApiResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: { type: 'object', object: value, bytes: encoder.encode(JSON.stringify(value)) },
});

export const text = (status: number, content: string): ApiResponse => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: { type: 'bytes', bytes: encoder.encode(content) },
});

/** For paths that take no other method, not even HEAD. */
export const onlyGet =
  (answer: PathAnswer): PathAnswer =>
  (exchange, path) => {
    if (exchange.request.method !== 'GET') throw methodNotAllowed();
    return answer(exchange, path);
  };
