// exec and attach over an upgraded connection: which stream is which, and how the end of the command is told.

import { type Clock, milliseconds } from '../../base/clock.ts';
import { utf8 } from '../../base/bytes.ts';
import type { ByteSink } from '../../base/byte-pipe.ts';
import type { Connection, Upgrade } from '../../api/request.ts';
import { ApiError, internalError, type Status } from '../../api/status.ts';
import type { CommandStreams, RunCommand } from '../kubelets.ts';
import { type ChannelProtocol, channelsOver } from './channels.ts';
import { patience } from './limits.ts';
import { type SpdyStream, spdySession } from './spdy/session.ts';

/** The streams that a client asks for. */
export interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Newest first. Version 5 is version 4 with a way to end stdin. */
export const websocketProtocols: Readonly<Record<string, ChannelProtocol>> = {
  'v5.channel.k8s.io': { base64: false, closable: true },
  'v4.channel.k8s.io': { base64: false, closable: false },
  'v4.base64.channel.k8s.io': { base64: true, closable: false },
  'channel.k8s.io': { base64: false, closable: false },
  'base64.channel.k8s.io': { base64: true, closable: false },
  '': { base64: false, closable: false },
};

export const spdyProtocols: readonly string[] = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];

/** From version 4 on the end is told as a Status; before, only failures are told, as text. */
const tellsStatus = (protocol: string): boolean => /^v[45]\./.test(protocol);

const channelOf = { stdin: 0, stdout: 1, stderr: 2, error: 3 } as const;

/** Until a process is up. Clients before Kubernetes 1.32 lose what comes before they listen. */
const startsAfter = milliseconds(30);

export function overWebsocket(protocol: string, wanted: Wanted, run: RunCommand, clock: Clock): Upgrade {
  const spoken = websocketProtocols[protocol] ?? { base64: false, closable: false };
  return {
    websocket: { protocol, frames: spoken.base64 ? 'text' : 'binary' },
    async serve(connection) {
      const { source, sink, closed } = channelsOver(connection, spoken, wanted.stdin ? [channelOf.stdin] : []);
      const gone = new AbortController();
      void closed.then(() => gone.abort());
      const streams: CommandStreams = {
        ...(wanted.stdin && { stdin: source(channelOf.stdin) }),
        ...(wanted.stdout && { stdout: sink(channelOf.stdout) }),
        ...(wanted.stderr && { stderr: sink(channelOf.stderr) }),
      };
      // An empty message tells the client that the connection stands.
      const first = wanted.stdout ? channelOf.stdout : wanted.stderr ? channelOf.stderr : channelOf.error;
      await sink(first).write(new Uint8Array());
      await clock.sleep(startsAfter);
      await runTold(run, streams, { signal: gone.signal, error: sink(channelOf.error), protocol });
    },
  };
}

export function overSpdy(protocol: string, wanted: Wanted, run: RunCommand, clock: Clock): Upgrade {
  return {
    async serve(connection) {
      const session = await openStreams(connection, namesOf(protocol, wanted), clock);
      if (!session) return;
      const { streams, closed } = session;
      const gone = new AbortController();
      void closed.then(() => gone.abort());
      const [stdin, stdout, stderr] = [streams.get('stdin'), streams.get('stdout'), streams.get('stderr')];
      const error = streams.get('error')?.output;
      await runTold(
        run,
        {
          ...(stdin && { stdin: stdin.input }),
          ...(stdout && { stdout: stdout.output }),
          ...(stderr && { stderr: stderr.output }),
        },
        { signal: gone.signal, error, protocol },
      );
      for (const { output } of streams.values()) output.end();
    },
  };
}

/** The streams the client is going to open. From version 3 on a terminal's size has one. */
function namesOf(protocol: string, { stdin, stdout, stderr, tty }: Wanted): ReadonlySet<string> {
  const resize = tty && /^v[34]\./.test(protocol);
  const named = { error: true, stdin, stdout, stderr, resize };
  return new Set(Object.entries(named).flatMap(([name, wanted]) => (wanted ? [name] : [])));
}

interface Opened {
  readonly streams: ReadonlyMap<string, SpdyStream>;
  readonly closed: Promise<void>;
}

/** Undefined when the client does not open them in time. */
function openStreams(connection: Connection, names: ReadonlySet<string>, clock: Clock): Promise<Opened | undefined> {
  return new Promise((resolve) => {
    const streams = new Map<string, SpdyStream>();
    const late = clock.after(patience.streams, () => resolve(undefined));
    const session = spdySession(connection, (stream) => {
      const name = stream.headers.get('streamtype') ?? '';
      if (!names.has(name)) return stream.output.end();
      streams.set(name, stream);
      // What says how large the terminal is, nobody reads.
      if (name === 'resize') stream.input.cancel();
      if (streams.size < names.size) return;
      late.cancel();
      resolve({ streams, closed: session.closed });
    });
    void session.closed.then(() => {
      late.cancel();
      resolve(undefined);
    });
  });
}

interface Ending {
  readonly signal: AbortSignal;
  readonly error: ByteSink | undefined;
  readonly protocol: string;
}

async function runTold(run: RunCommand, streams: CommandStreams, { signal, error, protocol }: Ending): Promise<void> {
  const status = await run(streams, signal).then((code) => exitStatus(code, protocol), failureStatus(protocol));
  streams.stdin?.cancel();
  if (signal.aborted) return;
  if (tellsStatus(protocol)) await error?.write(utf8(JSON.stringify(status)));
  else if (status.status === 'Failure') await error?.write(utf8(status.message ?? ''));
}

/** How a command ended, as the kubelet tells it; over version 5 as the API server does, which translates. */
function exitStatus(code: number, protocol: string): Partial<Status> {
  if (code === 0) return { metadata: {}, status: 'Success' };
  const why = protocol.startsWith('v5.')
    ? `command terminated with exit code ${code}`
    : `error executing command, exit code ${code}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${why}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

const failureStatus =
  (protocol: string) =>
  (error: unknown): Status => {
    const { status } = error instanceof ApiError ? error : internalError(String(error));
    return protocol.startsWith('v5.') ? internalError(status.message ?? '').status : status;
  };
