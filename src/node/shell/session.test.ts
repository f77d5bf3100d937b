import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytePipe } from '../../base/byte-pipe.ts';
import { textOf, utf8 } from '../../base/bytes.ts';
import { seconds } from '../../base/clock.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { file, filesOf, folder, type Tree } from './files.ts';
import { runSession, type Session, StartFault } from './session.ts';
import { readArchive, writeArchive } from './tar.ts';

/** A container to run commands in: what it writes is kept, and what it reads is given. */
function container(given: { readonly stdin?: string; readonly tty?: boolean; readonly open?: boolean } = {}) {
  const clock = virtualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const root: Tree = new Map([['/tmp', folder(0)]]);
  const settings: Tree = new Map([['/color', file('blue\n', 0)]]);
  const files = filesOf(root, [{ path: '/etc/settings', tree: settings, readOnly: true }], clock.now);
  const [stdin, stdout, stderr] = [bytePipe(), bytePipe(1e9), bytePipe(1e9)];
  if (given.stdin !== undefined) void stdin.write(utf8(given.stdin));
  if (!given.open) stdin.end();
  const gone = new AbortController();
  const session: Session = {
    machine: {
      clock,
      pod: { metadata: { name: 'web-1', namespace: 'default' }, spec: { containers: [] } },
      container: { name: 'web', image: 'nginx' },
      hostname: 'web-1',
      files,
      user: 0,
      group: 0,
      bootedAt: clock.now(),
    },
    environment: { GREETING: 'hello' },
    folder: '/',
    streams: { stdin, stdout, stderr },
    tty: given.tty ?? false,
    signal: gone.signal,
  };
  const written = async (pipe: typeof stdout): Promise<string> => {
    pipe.end();
    let text = '';
    for (let bytes = await pipe.read(); bytes; bytes = await pipe.read()) text += textOf(bytes);
    return text;
  };
  return {
    clock,
    files,
    gone,
    type: (text: string) => stdin.write(utf8(text)),
    begin: (...command: string[]) => runSession(command, session),
    async run(...command: string[]) {
      const code = await runSession(command, session);
      return { code, stdout: await written(stdout), stderr: await written(stderr) };
    },
    output: () => written(stdout),
  };
}

const sh = (script: string, stdin?: string) => container(stdin === undefined ? {} : { stdin }).run('sh', '-c', script);

describe('a script', () => {
  test.each([
    ['echo $GREETING "$GREETING  you" \'$GREETING\' ${NONE:-none} ${NONE}x', 'hello hello  you $GREETING none x\n'],
    ['A=1; B="$A 2"; echo $B; A=3 printenv A; echo $A', '1 2\n3\n1\n'],
    ['false && echo a || echo b; true || echo c; ! false && echo d', 'b\nd\n'],
    ['echo one; echo two | cat | wc -l', 'one\n1\n'],
    ['printf "%s-%d\\n" a 1 b 2', 'a-1\nb-2\n'],
    ['for each in a "b c" $GREETING; do echo "<$each>"; done', '<a>\n<b c>\n<hello>\n'],
    ['n=; while [ "$n" != xxx ]; do n="x$n"; done; echo $n', 'xxx\n'],
    ['until true; do echo never; done; for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done', '1\n3\n'],
    ['if [ -f /etc/settings/color ]; then echo file; elif true; then echo no; else echo none; fi', 'file\n'],
    ['cd /etc/settings && pwd && cat color && ls', '/etc/settings\nblue\ncolor\n'],
    ['(cd /tmp; X=inner); pwd; echo "$X"', '/\n\n'],
    ['{ echo a; echo b; } | tail -n 1; echo "$(echo in; echo ner)" `echo out`', 'b\nin\nner out\n'],
    ['echo kept > /tmp/f; echo more >> /tmp/f; cat < /tmp/f; wc -c < /tmp/f', 'kept\nmore\n10\n'],
    ['echo gone > /dev/null; echo seen 2>/dev/null; nosuch 2>/dev/null; echo $?', 'seen\n127\n'],
    [
      'mkdir -p /tmp/a/b; touch /tmp/a/x.txt /tmp/a/y.txt; cd /tmp/a; echo *.txt; ls -d b; rm -r /tmp/a; ls /tmp',
      'x.txt y.txt\nb\n',
    ],
    ['echo "a b c" | (read x y; echo "$y")', 'b c\n'],
    ['set -- ; f=/tmp/z; echo hi | tee $f; grep -c h $f; test -s $f && echo full', 'hi\n1\nfull\n'],
    ['date -u +%FT%T; hostname; id -u; uname', '2026-01-02T03:04:05\nweb-1\n0\nLinux\n'],
    ['echo b; echo a; echo b', 'b\na\nb\n'],
    ['printf "3\\n10\\n2\\n" | sort -n | head -n 2', '2\n3\n'],
    ['command -v cat; which nosuch || echo none', '/bin/cat\nnone\n'],
  ])('%s', async (script, stdout) => expect(await sh(script)).toEqual({ code: 0, stdout, stderr: expect.any(String) }));

  test.each([
    ['exit 3', 3],
    ['false', 1],
    ['set -e; false; echo never', 1],
    ['set -e; false || true; [ 1 = 2 ] && echo no; exit 5', 5],
    ['(exit 4); echo $? > /tmp/x; exit $(cat /tmp/x)', 4],
    ['nosuch', 127],
    ['constructor', 127],
    ['echo "', 2],
    ['sleep 1 &', 2],
    ['cat /none', 1],
    ['mkdir /tmp/a; rm -r /tmp/a > /tmp/a/x', 1],
    ['sh /none', 2],
    ['echo "exit 6" > /tmp/x; sh /tmp/x', 6],
    ['exec false; echo never', 1],
    ['printf %999999999s x', 137],
  ])('%s ends with %i', async (script, code) => expect((await sh(script)).code).toBe(code));

  test('complains on stderr, as a shell would', async () => {
    expect((await sh('nosuch')).stderr).toBe('sh: nosuch: not found\n');
    expect((await sh('cat /none')).stderr).toBe('cat: /none: No such file or directory\n');
    expect((await sh('echo x > /etc/settings/color')).stderr).toBe(
      "sh: can't create /etc/settings/color: Read-only file system\n",
    );
  });

  test('comes over stdin as well, with what it reads', async () => {
    const { stdout } = await container({
      stdin: 'read name\nAda\necho hi $name\nif true\nthen echo two lines; fi\n',
    }).run('sh');
    expect(stdout).toBe('hi Ada\ntwo lines\n');
  });
});

test('time passes only where a command sleeps', async () => {
  const { clock, begin } = container();
  const ended = begin('sh', '-c', 'sleep 5; sleep 5');
  await clock.advance(seconds(9));
  let over = false;
  void ended.then(() => (over = true));
  await clock.advance(0);
  expect(over).toBe(false);
  await clock.advance(seconds(1));
  expect(await ended).toBe(0);
});

test('a loop in which no time passes is ended', async () => {
  const { begin, clock } = container();
  const ended = begin('sh', '-c', 'while true; do :; done');
  await clock.advance(seconds(1));
  expect(await ended).toBe(137);
});

test('a command ends when nobody is there any more', async () => {
  const { begin, gone } = container();
  const ended = begin('sh', '-c', 'while true; do sleep 1; done');
  gone.abort();
  expect(await ended).toBe(130);
});

test.each([
  [['nosuch'], 'exec: "nosuch": executable file not found in $PATH'],
  [['/opt/tool'], 'exec: "/opt/tool": stat /opt/tool: no such file or directory'],
  [['/etc/settings/color'], 'exec: "/etc/settings/color": permission denied'],
  [[''], 'exec: "": executable file not found in $PATH'],
])('%j cannot be started', async (command, message) => {
  await expect(container().run(...command)).rejects.toEqual(new StartFault(message));
});

describe('at a terminal', () => {
  test('what is typed is echoed, corrected and run line by line', async () => {
    const { begin, type, clock, output } = container({ tty: true, open: true });
    const ended = begin('sh');
    await type('ehco\x7f\x7f\x7fcho one\r');
    await clock.advance(0);
    await type('exit 7\r');
    await clock.advance(0);
    expect(await ended).toBe(7);
    expect(await output()).toBe('/ # ehco\b \b\b \b\b \bcho one\r\none\r\n/ # exit 7\r\n');
  });

  test('Ctrl-C ends the command, not the shell; Ctrl-D ends the shell', async () => {
    const { begin, type, clock, output } = container({ tty: true, open: true });
    const ended = begin('sh');
    await type('sleep 100\r');
    await clock.advance(seconds(1));
    await type('\x03');
    await clock.advance(0);
    await type('echo $?\r');
    await clock.advance(0);
    await type('\x04');
    await clock.advance(0);
    expect(await ended).toBe(0);
    expect(await output()).toBe('/ # sleep 100\r\n^C\r\n/ # echo $?\r\n130\r\n/ # ');
  });
});

test('archives are read as they were written', () => {
  const name = fc
    .string({ unit: fc.constantFrom(...'abc/é-_.'), minLength: 1, maxLength: 150 })
    .filter((each) => !each.endsWith('/'));
  const entry = fc.record({
    name,
    mode: fc.integer({ min: 0, max: 0o777 }),
    changedAt: fc.integer({ min: 0, max: 2 ** 31 }),
    bytes: fc.uint8Array({ maxLength: 1200 }),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
      expect(readArchive(writeArchive(entries))).toEqual(entries.map((each) => ({ ...each, name: each.name.trim() })));
    }),
    { seed: 1 },
  );
});

test('an archive never leaves the folder it is extracted in', async () => {
  const { files, run } = container({ open: true });
  files.write('/tmp/a.tar', writeArchive([{ name: '../evil', mode: 0o644, changedAt: 0, bytes: utf8('x') }]));
  expect(await run('tar', 'xf', '/tmp/a.tar', '-C', '/tmp')).toMatchObject({ code: 1 });
  expect(files.find('/evil')).toBeUndefined();
});
