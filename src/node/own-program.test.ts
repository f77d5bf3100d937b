import { describe, expect, test } from 'vitest';
import { bytePipe } from '../base/byte-pipe.ts';
import { textOf, utf8 } from '../base/bytes.ts';
import { days, hours, minutes, seconds } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import { podAddresses } from './addresses.ts';
import { type ContainerExit, noMounts, type ProjectedFile, type Remembered } from './runtime.ts';
import { simulatedRuntime } from './simulated-runtime.ts';

type Given = Partial<Container> & Pick<Pod['spec'], 'restartPolicy'>;

/** A runtime with one container in it, about to start. */
function container({ restartPolicy = 'Always', ...more }: Given) {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const runtime = simulatedRuntime({ clock, random: seededRandom(1), addresses: podAddresses('10.244.0.0/24') });
  const own: Container = { name: 'c', image: 'busybox', ...more };
  const pod: Pod = {
    metadata: { name: 'web', namespace: 'default', uid: 'u1' },
    spec: { restartPolicy, containers: [own], volumes: [{ name: 'settings', configMap: { name: 'settings' } }] },
  };
  const exits: ContainerExit[] = [];
  runtime.onExit((exit) => exits.push(exit));
  const settings = new Map<string, ProjectedFile>([['color', { bytes: utf8('blue\n'), mode: 0o644 }]]);
  const mounts = () => Promise.resolve({ ...noMounts, projections: new Map([['settings', settings]]) });
  const sandbox = { id: 's', ips: [] };
  const request = { sandbox, pod, container: own, attempt: 0, mounts };

  async function start() {
    const made = runtime.createContainer({ ...request, environment: { NAME: 'Ada' } });
    await clock.advance(seconds(1));
    const id = await made;
    const started = runtime.startContainer(id);
    await clock.run({ until: () => true });
    let startedAt = 0;
    void started.then((at) => (startedAt = at));
    await clock.run({ until: () => startedAt > 0, max: seconds(1) });
    return {
      id,
      startedAt,
      log: () => runtime.log(id).map(({ text }) => text),
      /** Seconds it ran, and how it ended. */
      exit: () => exits.map(({ at, exitCode, message }) => ({ after: (at - startedAt) / 1000, exitCode, message }))[0],
      attach(streams: Parameters<typeof runtime.run>[1]['streams'], signal = new AbortController().signal) {
        return runtime.run(id, { tty: own.tty === true, mounts: noMounts, streams, signal });
      },
      async exec(...command: string[]) {
        const stdout = bytePipe();
        const { signal } = new AbortController();
        await runtime.run(id, { command, tty: false, mounts: noMounts, streams: { stdout }, signal });
        stdout.end();
        return textOf((await stdout.read()) ?? utf8(''));
      },
      async stop() {
        const stopped = runtime.stopContainer(id, seconds(30));
        await clock.advance(seconds(1));
        await stopped;
        return exits.at(-1)?.exitCode;
      },
    };
  }
  const recover = (startedAt: number) => {
    const remembered: Remembered = { ...request, id: 'kept', startedAt };
    runtime.recover(sandbox, [remembered]);
    return { log: () => runtime.log('kept') };
  };
  return { clock, runtime, exits, start, recover };
}

async function ran(given: Given, time = hours(1)) {
  const { clock, start } = container(given);
  const { log, exit } = await start();
  await clock.advance(time);
  return { log: log(), exit: exit() };
}

const sh = (script: string, more: Given = {}) => ran({ command: ['/bin/sh', '-c', script], ...more });

describe('what a container runs', () => {
  test('takes its time, writes, and ends with its code', async () => {
    expect(await ran({ command: ['sleep', '5'] })).toMatchObject({ log: [], exit: { after: 5, exitCode: 0 } });
    expect(await ran({ command: ['/bin/false'] })).toMatchObject({ exit: { after: 0, exitCode: 1 } });
    expect(await ran({ command: ['exit', '3'] })).toMatchObject({ exit: { after: 0, exitCode: 3 } });
    expect(await ran({ args: ['sleep', '2'] })).toMatchObject({ exit: { after: 2 } });
    expect(await sh('echo "hi  $NAME"; sleep 1.5\nexit 3; echo never')).toMatchObject({
      log: ['hi  Ada'],
      exit: { after: 1.5, exitCode: 3 },
    });
  });

  test.each([
    ['false && echo a || echo b', ['b']],
    ['true || echo a; echo b', ['b']],
    ['echo \'$NAME\' "$NAME" \\$NAME ${NAME}!', ['$NAME Ada $NAME Ada!']],
    ['false; echo $?', ['1']],
    ['echo one # two\necho three', ['one', 'three']],
    ['echo lost >/tmp/x; echo kept 2>/dev/null', ['kept']],
    ['echo shown >&2', ['shown']],
    ['set -e; false || echo a; false; echo never', ['a']],
    ['for each in 1 2; do echo $each; sleep 1; done', ['1', '2']],
    ['echo "$(echo in)"; echo a b | wc -w; (exit 3); A=1 printenv A', ['in', '2', '1']],
    ['exec echo last; echo never', ['last']],
    ['printf "no line end"', ['no line end']],
    ['while [ $(date +%S) != 09 ]; do sleep 1; done; echo up', ['up']],
    ['yes | sleep 1; echo on', ['on']],
    ['hostname | (read it; echo "$it, $(cd /tmp; pwd)")', ['web, /tmp']],
  ])('%s', async (script, lines) => expect((await sh(script)).log).toEqual(lines));

  test('reads what its pod mounts, and names what a reference names', async () => {
    const volumeMounts = [{ name: 'settings', mountPath: '/etc/settings' }];
    expect(await ran({ command: ['cat', '/etc/settings/color'], volumeMounts })).toMatchObject({ log: ['blue'] });
    expect(await ran({ command: ['echo', '$(NAME) $(NOBODY) $$(NAME)'] })).toMatchObject({
      log: ['Ada $(NOBODY) $(NAME)'],
    });
  });

  test('leaves its last words where its pod looks for them', async () => {
    expect((await sh('echo disk full > /dev/termination-log; exit 2')).exit).toMatchObject({ message: 'disk full\n' });
    const terminationMessagePath = '/tmp/why';
    expect((await sh('echo so > /tmp/why; exit 2', { terminationMessagePath })).exit).toMatchObject({
      exitCode: 2,
      message: 'so\n',
    });
    expect((await sh('exit 2')).exit?.message).toBeUndefined();
  });

  test.each([
    ['sleep infinity', []],
    ['echo up && tail -f /dev/null; echo never', ['up']],
  ])('%s never ends, and costs nothing', async (script, lines) => {
    const { clock, start } = container({ command: ['sh', '-c', script] });
    const { log, exit } = await start();
    await clock.advance(days(400));
    expect({ log: log(), exit: exit(), timers: clock.pending() }).toEqual({ log: lines, exit: undefined, timers: 0 });
  });

  test('sleeps longer than one timer can', async () => {
    expect((await ran({ command: ['sleep', '40d'] }, days(41))).exit?.after).toBe(40 * 86_400);
  });

  test('that never lets time pass is ended', async () => {
    expect(await sh('while true; do sleep 0; done')).toMatchObject({ exit: { exitCode: 137 } });
  });
});

describe('what nobody can run', () => {
  test('is taken to succeed where the pod ends by itself, and the log says so', async () => {
    const { log, exit } = await sh('wget -q web:80 && echo ok', { restartPolicy: 'Never' });
    expect(log).toEqual([
      'portolan: simulated container: "wget -q web:80" is not really run; it is taken to succeed',
      'ok',
    ]);
    expect(exit).toMatchObject({ exitCode: 0 });
    expect(exit?.after).toBeGreaterThan(1);
    expect((await sh('until nslookup db; do sleep 2; done', { restartPolicy: 'Never' })).exit?.exitCode).toBe(0);
  });

  test('is a server elsewhere: it runs on, and ends well', async () => {
    const { clock, start, runtime } = container({
      command: ['sh', '-c', 'sleep 5; exec nginx'],
      ports: [{ containerPort: 80 }],
    });
    const { log, stop } = await start();
    const ask = () =>
      runtime.ask({ id: 's', ips: [] }, 80, { method: 'GET', path: '/', headers: {}, body: new Uint8Array() });
    await expect(ask()).rejects.toThrow('connection refused');
    await clock.advance(minutes(1));
    expect(log()).toEqual(['portolan: simulated container: "nginx" is not really run; it runs until it is stopped']);
    expect((await ask()).status).toBe(200);
    expect(await stop()).toBe(0);
  });

  test.each([
    'code=$(wget -S web 2>&1 | awk x); if test "$code" != 200; then exit 1; fi',
    'if curl web | grep -q ok; then exit 0; fi; exit 1',
    'for each in `ip addr`; do exit 1; done',
    '(cat x; nosuch) | wc -l; exit 1',
    'server & exit 1',
    'case x in x) exit 1;; esac',
    'echo $((1 + 1)); exit 1',
    'cat <<E\nE\nexit 1',
    'if',
  ])('a script beyond our shell, or that goes on with what others say, is not begun: %s', async (script) => {
    const { log, exit } = await sh(script);
    expect(log).toEqual([expect.stringContaining('no program really runs here; it runs until it is stopped')]);
    expect(exit).toBeUndefined();
  });

  test('a script in a file is run where the file is there', async () => {
    const volumeMounts = [{ name: 'settings', mountPath: '/etc/settings' }];
    expect(await ran({ command: ['sh', '/etc/settings/color'], volumeMounts })).toMatchObject({
      log: ['portolan: simulated container: "blue" is not really run; it runs until it is stopped'],
    });
    expect(await ran({ command: ['sh', '/start.sh', 'now'] })).toMatchObject({
      log: ['portolan: simulated container: "sh /start.sh now" is not really run; it runs until it is stopped'],
    });
  });
});

test('who is told to end while it sleeps dies of the signal', async () => {
  const { clock, start } = container({ command: ['sh', '-c', 'while true; do sleep 10; done'] });
  const { stop } = await start();
  await clock.advance(minutes(1));
  expect(await stop()).toBe(143);
  await clock.advance(minutes(1));
  expect(clock.pending()).toBe(0);
});

test('commands see the files of the program, and the program theirs', async () => {
  const { clock, start } = container({
    command: ['sh', '-c', 'echo 1 > /tmp/own; until [ -f /tmp/go ]; do sleep 1; done; tail -f /tmp/go'],
  });
  const { exec, log } = await start();
  expect(await exec('cat', '/tmp/own')).toBe('1\n');
  await clock.advance(minutes(1));
  await exec('sh', '-c', 'echo ready > /tmp/go');
  await clock.advance(seconds(2));
  await exec('sh', '-c', 'echo steady >> /tmp/go');
  await clock.advance(seconds(2));
  expect(log()).toEqual(['ready', 'steady']);
});

describe('who sits at a program', () => {
  const terminal = () => {
    const [stdin, stdout] = [bytePipe(), bytePipe(1e9)];
    return {
      streams: { stdin, stdout },
      type: (text: string) => stdin.write(utf8(text)),
      leave: () => stdin.end(),
      async screen() {
        stdout.end();
        let text = '';
        for (let bytes = await stdout.read(); bytes; bytes = await stdout.read()) text += textOf(bytes);
        return text;
      },
    };
  };

  test('sees its prompt, types, and its end is the end', async () => {
    const { clock, start } = container({ stdin: true, tty: true });
    const { attach, exit, log } = await start();
    const { streams, type, screen } = terminal();
    const attached = attach(streams);
    await type('echo one\r');
    await clock.advance(0);
    await type('exit 4\r');
    await clock.advance(0);
    expect(await attached).toBe(0);
    expect(await screen()).toBe('/ # echo one\r\none\r\n/ # exit 4\r\n');
    expect(exit()?.exitCode).toBe(4);
    expect(log()).toEqual(['/ # echo one\r', 'one\r', '/ # exit 4\r']);
  });

  test('may leave and come back, unless there is to be one only', async () => {
    for (const stdinOnce of [false, true]) {
      const { clock, start } = container({ stdin: true, stdinOnce, command: ['cat'] });
      const { attach, exit, log } = await start();
      for (const word of ['first', 'second']) {
        const [{ streams, type, leave }, gone] = [terminal(), new AbortController()];
        const attached = attach(streams, gone.signal);
        await type(`${word}\n`);
        leave();
        await clock.advance(seconds(1));
        gone.abort();
        await attached;
      }
      expect(log()).toEqual(stdinOnce ? ['first'] : ['first', 'second']);
      expect(exit()?.exitCode).toBe(stdinOnce ? 0 : undefined);
    }
  });
});

describe('found again after a restart', () => {
  test('a program that should have ended has', async () => {
    const { clock, exits, recover } = container({ command: ['sh', '-c', 'echo one; sleep 60; echo two; exit 3'] });
    const startedAt = clock.now();
    await clock.advance(minutes(5));
    const { log } = recover(startedAt);
    await clock.advance(0);
    expect(log().map(({ at, text }) => `${(at - startedAt) / 1000} ${text}`)).toEqual(['0 one', '60 two']);
    expect(exits).toMatchObject([{ at: startedAt + 60_000, exitCode: 3 }]);
  });

  test('a program under way goes on, however long it was', async () => {
    const { clock, exits, recover } = container({ command: ['sh', '-c', 'while true; do date +%s; sleep 60; done'] });
    const startedAt = clock.now();
    await clock.advance(days(30));
    const { log } = recover(startedAt);
    await clock.advance(0);
    const before = log().length;
    expect(before).toBeGreaterThan(9000);
    await clock.advance(minutes(3));
    expect(log().length - before).toBe(3);
    expect(log().at(-1)?.text).toBe(String((log().at(-1)?.at ?? 0) / 1000));
    expect(exits).toEqual([]);
  });
});

test('on a machine that is no more nothing runs on', async () => {
  const { clock, exits, start, runtime } = container({ command: ['sh', '-c', 'while true; do sleep 10; done'] });
  await start();
  runtime.halt();
  await clock.advance(minutes(1));
  expect({ timers: clock.pending(), exits }).toEqual({ timers: 0, exits: [] });
});

test('a hook runs in the container, and what nobody can run is taken to succeed', async () => {
  const { clock, start, runtime } = container({});
  const { id, exec } = await start();
  const { signal } = new AbortController();
  const quit = runtime.exec(id, ['nginx', '-s', 'quit'], signal);
  await clock.advance(0);
  expect((await quit).exitCode).toBe(0);
  const hook = runtime.exec(id, ['sh', '-c', 'sleep 5; echo bye > /tmp/said; exit 2'], signal);
  await clock.advance(seconds(5));
  expect(await hook).toEqual({ exitCode: 2, stdout: '', stderr: '' });
  expect(await exec('cat', '/tmp/said')).toBe('bye\n');
  const gone = new AbortController();
  const endless = runtime.exec(id, ['sleep', 'infinity'], gone.signal);
  gone.abort();
  expect((await endless).exitCode).toBe(130);
});
