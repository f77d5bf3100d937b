// Where probes and hooks ask: ports by number or name, and URLs as Go writes them.

import type { Container, HTTPGetAction } from '../kinds/generated/types/core-v1.ts';

/** A port by number or by the name the container gives it. */
export const portNumber = (port: number | string, { ports = [] }: Container): number | string =>
  ports.find(({ name }) => name === port)?.containerPort ?? port;

export const addressOf = (host: string, port: number | string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** `ip`: the pod's address, asked where the action names no host. */
export function urlOf({ scheme = 'HTTP', host, port, path = '/' }: HTTPGetAction, container: Container, ip: string) {
  const address = addressOf(host || ip, portNumber(port, container));
  const rooted = path.startsWith('/') ? path : `/${path}`;
  return { address, path: rooted, text: `${scheme.toLowerCase()}://${address}${rooted}` };
}
