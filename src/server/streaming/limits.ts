// What streaming connections may take: how many there are, how long they wait, how long they are silent.

import { hours, seconds } from '../../base/clock.ts';

export const patience = {
  /** For a client to open the streams it announced. */
  streams: seconds(30),
  /** Without a byte in either direction. Upstream's limit. */
  idle: hours(4),
} as const;

/** How many connections are open at the same time. */
export const mostConnections = 1000;

/** What a client of a watch or a log may leave unread before it is left, in bytes. */
export const largestBacklog = 16 * 1024 * 1024;
