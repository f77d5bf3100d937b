import { describe, expect, test } from 'vitest';
import { type ByteDuplex, bytePipe, pour } from '../../base/byte-pipe.ts';
import { base64, bytesOfBase64, concat, textOf, utf8 } from '../../base/bytes.ts';
import { hours, seconds } from '../../base/clock.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Connection, Upgrade } from '../../api/request.ts';
import { ApiError, internalError } from '../../api/status.ts';
import type { RunCommand } from '../kubelets.ts';
import { createGate } from './gate.ts';
import { mostConnections } from './limits.ts';
import { requireCarrier, spdyProtocol, websocketProtocol } from './negotiate.ts';
import { forwardChannels } from './port-forward.ts';
import { overSpdy, overWebsocket } from './remote-command.ts';

/** Nobody waits. */
const atOnce = { ...virtualClock(0), sleep: async () => {} };

/** A client's end of an upgraded connection. */
function connect(upgrade: Upgrade) {
  const messages: Uint8Array[] = [];
  let [deliver, leave] = [async (_: Uint8Array) => {}, () => {}];
  const connection: Connection = {
    send(bytes) {
      messages.push(bytes);
      return Promise.resolve();
    },
    receive(sink, end) {
      [deliver, leave] = [sink, end];
    },
  };
  const ended = upgrade.serve(connection);
  return { messages, ended, send: (...bytes: number[]) => deliver(Uint8Array.from(bytes)), leave: () => leave() };
}

const all = { stdin: true, stdout: true, stderr: true, tty: false };

/** Hands stdin to stdout, and ends with the number of bytes. */
const copy: RunCommand = async ({ stdin, stdout, stderr }) => {
  let count = 0;
  for (let bytes = await stdin?.read(); bytes; bytes = await stdin?.read()) {
    count += bytes.length;
    await stdout?.write(bytes);
  }
  await stderr?.write(utf8('done'));
  return count;
};

const shown = (messages: readonly Uint8Array[]) => messages.map((each) => [each[0], textOf(each.subarray(1))]);

describe('commands over channels', () => {
  test('version 5: stdin can be ended, and the end is told as a Status', async () => {
    const { messages, ended, send } = connect(overWebsocket('v5.channel.k8s.io', all, copy, atOnce));
    await send(0, ...utf8('abc'));
    await send(255, 0);
    await ended;
    const last = messages.pop() as Uint8Array;
    expect(shown(messages)).toEqual([
      [1, ''],
      [1, 'abc'],
      [2, 'done'],
    ]);
    expect(last[0]).toBe(3);
    expect(JSON.parse(textOf(last.subarray(1)))).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: command terminated with exit code 3',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('version 4 has no end of stdin but the end of the connection', async () => {
    const { messages, ended, send, leave } = connect(overWebsocket('v4.channel.k8s.io', all, copy, atOnce));
    await send(255, 0);
    await send(0, ...utf8('abc'));
    leave();
    await ended;
    // Nobody is there any more to be told how it ended.
    expect(shown(messages)).toEqual([
      [1, ''],
      [1, 'abc'],
    ]);
  });

  test('base64 is text, a digit before it', async () => {
    const upgrade = overWebsocket(
      'v4.base64.channel.k8s.io',
      { ...all, stdin: false },
      async ({ stdout }) => {
        await stdout?.write(utf8('hi'));
        return 0;
      },
      atOnce,
    );
    expect(upgrade.websocket?.frames).toBe('text');
    const { messages, ended } = connect(upgrade);
    await ended;
    const texts = messages.map(textOf);
    expect(texts[1]).toBe(`1${base64(utf8('hi'))}`);
    expect(textOf(bytesOfBase64(texts[2]?.slice(1) ?? '') ?? new Uint8Array())).toBe(
      '{"metadata":{},"status":"Success"}',
    );
  });

  test('a command that could not be run tells why; the oldest protocol as mere text', async () => {
    const fail: RunCommand = () => Promise.reject(internalError('no such thing'));
    const wanted = { ...all, stdin: false };
    const last = async (protocol: string) => {
      const { messages, ended } = connect(overWebsocket(protocol, wanted, fail, atOnce));
      await ended;
      return textOf(messages.at(-1)?.subarray(1) ?? new Uint8Array());
    };
    expect(JSON.parse(await last('v4.channel.k8s.io'))).toMatchObject({
      message: 'Internal error occurred: no such thing',
    });
    expect(await last('channel.k8s.io')).toBe('Internal error occurred: no such thing');
  });
});

test('over SPDY a client that does not open its streams is not waited for', async () => {
  const clock = virtualClock(0);
  const { ended } = connect(overSpdy('v4.channel.k8s.io', all, copy, clock));
  await clock.advance(seconds(30));
  await ended;
});

describe('ports over channels', () => {
  const echo = (): Promise<ByteDuplex> => {
    const pipe = bytePipe();
    const back = bytePipe();
    void pour(pipe, back);
    return Promise.resolve({ input: back, output: pipe });
  };

  test('each port has two channels, which begin with its number', async () => {
    const dial = (port: number) => (port === 80 ? echo() : Promise.reject(new Error(`nobody listens at ${port}`)));
    const { messages, ended, send, leave } = connect(forwardChannels('v4.channel.k8s.io', [80, 8081], dial));
    await send(0, ...utf8('ping'));
    await new Promise((resolve) => setImmediate(resolve));
    leave();
    await ended;
    const of = (channel: number) =>
      concat(...messages.filter(([first]) => first === channel).map((each) => each.subarray(1)));
    expect([...of(0).subarray(0, 2)]).toEqual([80, 0]);
    expect(textOf(of(0).subarray(2))).toBe('ping');
    expect([...of(3).subarray(0, 2)]).toEqual([8081 & 255, 8081 >> 8]);
    expect(textOf(of(3).subarray(2))).toBe('nobody listens at 8081');
  });
});

describe('what a client asks for', () => {
  const asked = (headers: Record<string, string>) => () => requireCarrier(headers);

  test('an upgrade to one of two carriers', () => {
    expect(requireCarrier({ connection: 'keep-alive, Upgrade', upgrade: 'WebSocket' })).toBe('websocket');
    expect(requireCarrier({ connection: 'upgrade', upgrade: 'SPDY/3.1' })).toBe('spdy');
    for (const headers of [{}, { upgrade: 'websocket' }, { connection: 'upgrade', upgrade: 'h2c' }] as Record<
      string,
      string
    >[])
      expect(asked(headers)).toThrow(expect.objectContaining({ code: 400, message: 'Upgrade request required' }));
  });

  test('its first protocol that is known', () => {
    const known = ['v5', 'v4', ''];
    expect(websocketProtocol({ 'sec-websocket-protocol': 'v9, v4, v5' }, known)).toBe('v4');
    expect(websocketProtocol({}, known)).toBe('');
    expect(() => websocketProtocol({ 'sec-websocket-protocol': 'v9' }, known)).toThrow(ApiError);
    expect(spdyProtocol({ 'x-stream-protocol-version': 'v9, v4' }, known)).toBe('v4');
    expect(() => spdyProtocol({}, known)).toThrow('X-Stream-Protocol-Version is required');
    expect(() => spdyProtocol({ 'x-stream-protocol-version': 'v9' }, known)).toThrow(
      'unable to upgrade: unable to negotiate protocol: client supports [v9], server accepts [v5 v4 ]',
    );
  });
});

test('connections are counted, and a silent one is given up after four hours', async () => {
  const clock = virtualClock(0);
  const gate = createGate(clock);
  const forever: Upgrade = {
    serve: (connection) => new Promise((resolve) => connection.receive(async () => {}, resolve)),
  };
  const open = Array.from({ length: mostConnections }, () => connect(gate(forever)));
  expect(() => gate(forever)).toThrow(expect.objectContaining({ code: 429 }));
  const [first, second] = open;
  await clock.advance(hours(3));
  await second?.send(1);
  await clock.advance(hours(2));
  await first?.ended;
  let over = false;
  void second?.ended.then(() => (over = true));
  await clock.advance(0);
  expect(over).toBe(false);
  expect(() => gate(forever)).not.toThrow();
});
