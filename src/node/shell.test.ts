import { expect, test } from 'vitest';
import { interpret } from './shell.ts';

const sh = (script: string, environment = {}, guess: () => number | 'forever' = () => 700) =>
  interpret(['/bin/sh', '-c', script], environment, guess);

test('commands take their time, write, and end with their code', () => {
  expect(interpret(['sleep', '5'], {}, () => 0)).toEqual({ output: [], exit: { after: 5000, code: 0 } });
  expect(interpret(['/bin/false'], {}, () => 0)).toEqual({ output: [], exit: { after: 0, code: 1 } });
  expect(sh('echo "hi  $NAME"; sleep 1.5\nexit 3; echo never', { NAME: 'Ada' })).toEqual({
    output: [{ after: 0, stream: 'stdout', text: 'hi  Ada' }],
    exit: { after: 1500, code: 3 },
  });
});

test('a program that sleeps for ever has no exit', () => {
  expect(sh('echo up && sleep infinity; echo never')).toEqual({ output: [{ after: 0, stream: 'stdout', text: 'up' }] });
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
])('%s', (script, lines) => {
  expect(sh(script, { NAME: 'Ada' })?.output.map(({ text }) => text)).toEqual(lines);
});

test('last words go to the termination log', () => {
  expect(sh('echo disk full > /dev/termination-log; exit 2')).toEqual({
    output: [],
    exit: { after: 0, code: 2 },
    lastWords: 'disk full',
  });
});

test('an unknown command is guessed, and the log says so', () => {
  const program = sh('wget -q web:80 && echo ok');
  expect(program?.exit).toEqual({ after: 700, code: 0 });
  expect(program?.output.map(({ text }) => text)).toEqual([
    'portolan: simulated container: "wget -q web:80" is not really run; it is taken to succeed',
    'ok',
  ]);
  expect(sh('echo starting; exec nginx', {}, () => 'forever')?.exit).toBeUndefined();
});

test.each([
  'while true; do date; done',
  'echo $(date)',
  'echo "`date`"',
  'cat x | grep y',
  'A=1 run',
  '(exit 3)',
  'server & exit 1',
])('a script beyond simple commands is not understood: %s', (script) => expect(sh(script)).toBeUndefined());
