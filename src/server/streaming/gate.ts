// How many streaming connections there are at a time, and how long each may be silent.

import type { Clock, Timer } from '../../base/clock.ts';
import type { Upgrade } from '../../api/request.ts';
import { tooManyRequests } from '../../api/status.ts';
import { mostConnections, patience } from './limits.ts';

/** Lets an upgrade through, watched. @throws ApiError when there are too many already */
export type Gate = (upgrade: Upgrade) => Upgrade;

export function createGate(clock: Clock): Gate {
  let open = 0;
  return (upgrade) => {
    if (open >= mostConnections) throw tooManyRequests('too many streaming connections, please try again later', 1);
    return {
      ...upgrade,
      async serve(connection) {
        open++;
        let timer: Timer | undefined;
        let silent = () => {};
        const abandoned = new Promise<void>((resolve) => (silent = resolve));
        const heard = () => {
          timer?.cancel();
          timer = clock.after(patience.idle, silent);
        };
        heard();
        const served = upgrade.serve({
          send(bytes) {
            heard();
            return connection.send(bytes);
          },
          receive: (sink, end) =>
            connection.receive((bytes) => {
              heard();
              return sink(bytes);
            }, end),
        });
        await new Promise<void>((resolve) => {
          void served.then(resolve);
          void abandoned.then(resolve);
        });
        timer?.cancel();
        open--;
      },
    };
  };
}
