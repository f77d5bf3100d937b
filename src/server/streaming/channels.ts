// Kubernetes' channel protocols over WebSockets: each message begins with the number of the channel it belongs to.

import { base64, bytesOfBase64, concat, textOf, utf8 } from '../../base/bytes.ts';
import { bytePipe, type ByteSink, type ByteSource } from '../../base/byte-pipe.ts';
import type { Connection } from '../../api/request.ts';

export interface ChannelProtocol {
  /** Messages are text: a digit and base64. */
  readonly base64: boolean;
  /** Channel 255 names a channel that its sender writes no more (v5). */
  readonly closable: boolean;
}

export interface Channels {
  /** What the client writes into one of the readable channels. */
  source(channel: number): ByteSource;
  sink(channel: number): ByteSink;
  /** Resolves when the client is gone. */
  readonly closed: Promise<void>;
}

const closeSignal = 255;

/** `readable`: the channels that somebody will read; what comes in others is dropped. */
export function channelsOver(connection: Connection, protocol: ChannelProtocol, readable: readonly number[]): Channels {
  const pipes = new Map(readable.map((channel) => [channel, bytePipe()]));
  let tell = () => {};
  const closed = new Promise<void>((resolve) => (tell = resolve));
  let over = false;

  connection.receive(
    async (message) => {
      const { channel, payload } = read(message, protocol);
      if (protocol.closable && channel === closeSignal) pipes.get(payload[0] ?? closeSignal)?.end();
      else await pipes.get(channel)?.write(payload);
    },
    () => {
      over = true;
      for (const pipe of pipes.values()) pipe.end();
      tell();
    },
  );

  return {
    closed,
    source(channel) {
      const pipe = pipes.get(channel);
      if (!pipe) throw new Error(`channel ${channel} was not to be read`);
      return pipe;
    },
    sink(channel) {
      let ended = false;
      return {
        write: (bytes) => (over || ended ? Promise.resolve() : connection.send(written(channel, bytes, protocol))),
        end: () => void (ended = true),
        isClosed: () => over || ended,
      };
    },
  };
}

function read(message: Uint8Array, protocol: ChannelProtocol): { channel: number; payload: Uint8Array } {
  const channel = message[0] ?? -1;
  const payload = message.subarray(1);
  if (!protocol.base64) return { channel, payload };
  return { channel: channel - 0x30, payload: bytesOfBase64(textOf(payload)) ?? new Uint8Array() };
}

const written = (channel: number, bytes: Uint8Array, protocol: ChannelProtocol): Uint8Array =>
  protocol.base64 ? utf8(`${channel}${base64(bytes)}`) : concat(Uint8Array.of(channel), bytes);
