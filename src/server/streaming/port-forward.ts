// port-forward over an upgraded connection: pairs of streams, one for a connection's bytes and one for what went wrong with it.

import { type ByteDuplex, type ByteSink, pour } from '../../base/byte-pipe.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Connection, Upgrade } from '../../api/request.ts';
import { channelsOver, type ChannelProtocol } from './channels.ts';
import { patience } from './limits.ts';
import { type SpdyStream, spdySession } from './spdy/session.ts';

/** Connects to a port of the pod; rejects with an Error saying why not. */
export type Dial = (port: number) => Promise<ByteDuplex>;

export const portForwardProtocol = 'portforward.k8s.io';
/** SPDY inside a WebSocket's messages. */
export const tunnelProtocol = `SPDY/3.1+${portForwardProtocol}`;

/** One channel protocol may name the ports in the query; it has no way to end one of several connections. */
export const channelProtocols: Readonly<Record<string, ChannelProtocol>> = {
  'v4.channel.k8s.io': { base64: false, closable: false },
  'v4.base64.channel.k8s.io': { base64: true, closable: false },
  '': { base64: false, closable: false },
};

/** SPDY over the connection itself, or over the messages of a tunnel. */
export function forwardSpdy(dial: Dial, clock: Clock, tunnel: boolean): Upgrade {
  return {
    ...(tunnel && { websocket: { protocol: tunnelProtocol, frames: 'binary' } }),
    serve: (connection) => serveSpdy(connection, dial, clock),
  };
}

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
}

function serveSpdy(connection: Connection, dial: Dial, clock: Clock): Promise<void> {
  const pairs = new Map<string, Pair>();
  const session = spdySession(connection, (stream) => {
    const type = stream.headers.get('streamtype');
    if (type !== 'data' && type !== 'error') return stream.output.end();
    const id = requestOf(stream, type);
    const pair: Pair = pairs.get(id) ?? {};
    if (!pairs.has(id)) expire(id, pair);
    pair[type] = stream;
    if (!pair.data || !pair.error) return;
    pairs.delete(id);
    void forward(Number(stream.headers.get('port')), pair.data, pair.error.output, dial);
  });

  function expire(id: string, pair: Pair): void {
    pairs.set(id, pair);
    clock.after(patience.streams, () => {
      if (pairs.get(id) !== pair) return;
      pairs.delete(id);
      for (const stream of [pair.data, pair.error]) stream?.output.end();
    });
  }
  return session.closed;
}

/** Old clients do not number their requests; their data stream comes right after its error stream. */
const requestOf = ({ headers, id }: SpdyStream, type: 'data' | 'error'): string =>
  headers.get('requestid') ?? `stream ${type === 'error' ? id : id - 2}`;

async function forward(port: number, data: ByteDuplex, error: ByteSink, dial: Dial): Promise<void> {
  try {
    await join(data, await dial(port));
  } catch (reason) {
    await error.write(utf8((reason as Error).message));
    data.input.cancel();
  }
  error.end();
  data.output.end();
}

/** Both directions, until the far side has no more to say. */
async function join(near: ByteDuplex, far: ByteDuplex): Promise<void> {
  void pour(near.input, far.output);
  await pour(far.input, near.output);
  near.input.cancel();
}

/** Channels instead of streams: two for each port, in the order of the query. */
export function forwardChannels(protocol: string, ports: readonly number[], dial: Dial): Upgrade {
  const spoken = channelProtocols[protocol] ?? { base64: false, closable: false };
  return {
    websocket: { protocol, frames: spoken.base64 ? 'text' : 'binary' },
    async serve(connection) {
      const dataChannels = ports.map((_, at) => at * 2);
      const { source, sink, closed } = channelsOver(connection, spoken, dataChannels);
      await Promise.all(
        ports.map(async (port, at) => {
          const [data, error] = [sink(at * 2), sink(at * 2 + 1)];
          // Each channel begins with its port, in two bytes, the smaller first.
          const name = Uint8Array.of(port & 255, port >> 8);
          await Promise.all([data.write(name), error.write(name)]);
          await forward(port, { input: source(at * 2), output: data }, error, dial);
        }),
      );
      if (ports.length === 0) await closed;
    },
  };
}
