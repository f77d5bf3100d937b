// A client's connection and somebody else's become one, in both directions, until either ends.

import type { ByteDuplex } from '../../base/byte-pipe.ts';
import type { Connection } from '../../api/request.ts';

export const joined = (client: Connection, { input, output }: ByteDuplex): Promise<void> =>
  new Promise<void>((resolve) => {
    client.receive((bytes) => output.write(bytes), resolve);
    void sendAll(client, input).then(resolve);
  }).then(() => {
    input.cancel();
    output.end();
  });

async function sendAll(client: Connection, input: ByteDuplex['input']): Promise<void> {
  for (let bytes = await input.read(); bytes; bytes = await input.read()) await client.send(bytes);
}
