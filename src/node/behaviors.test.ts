import { expect, test } from 'vitest';
import { behaviorErrors, behaviorOf, behaviorsUnseen, parseBehavior } from './behaviors.ts';

const podWith = (annotations: Record<string, string>) => ({
  metadata: { annotations },
  spec: { containers: [{ name: 'web' }, { name: 'log' }] },
});

test('reads every form, several at once', () => {
  const { behavior, errors } = parseBehavior(
    'crash-loop; exit 3 after 1m30s; slow-start 90s; not-ready after 2m; hang after 1h; stop after 500ms; leak 60Ki/min; cpu 300m; memory 2Mi; pull-error',
  );
  expect(errors).toEqual([]);
  expect(behavior).toEqual({
    crashLoop: true,
    exit: { code: 3, after: 90_000 },
    readyAfter: 90_000,
    notReadyAfter: 120_000,
    hangAfter: 3_600_000,
    stopAfter: 500,
    leak: 1.024,
    cpu: [{ amount: 0.3, from: 0 }],
    memory: [{ amount: 2 * 1024 * 1024, from: 0 }],
    pullError: true,
  });
});

test('probes fail for a while, for good, or always, by name or by what they ask', () => {
  const { behavior, errors } = parseBehavior(
    'http:/healthz fails from 60s to 90s; tcp:5432 fails after 2m; exec hangs; readiness hangs from 1m to 3m',
  );
  expect(errors).toEqual([]);
  expect(behavior.probeFaults).toEqual([
    { probe: 'http:/healthz', how: 'fails', from: 60_000, to: 90_000 },
    { probe: 'tcp:5432', how: 'fails', from: 120_000, to: Infinity },
    { probe: 'exec', how: 'hangs', from: 0, to: Infinity },
    { probe: 'readiness', how: 'hangs', from: 60_000, to: 180_000 },
  ]);
});

test.each([
  ['http:healthz fails', '"http:healthz fails" is not a behaviour'],
  ['http:/healthz fails from 60s', 'is incomplete or too long: write "PROBE fails from DURATION to DURATION"'],
  ['tcp:5432 fails in 2m', '"in" should be "after": write "PROBE fails after DURATION"'],
  ['grpc hangs after two', '"two" is not a duration like 90s, 2m or 1h30m: write "PROBE hangs after DURATION"'],
  ['explode', '"explode" is not a behaviour: use one of "crash-loop", '],
  ['exit 1', '"exit 1" is incomplete or too long: write "exit CODE after DURATION"'],
  ['exit one after 5s', '"one" is not a number from 0 to 255'],
  ['exit 256 after 5s', '"256" is not a number from 0 to 255'],
  ['exit 1 after 5', '"5" is not a duration like 90s'],
  ['exit 1 in 5s', '"in" should be "after"'],
  ['leak 10Mi', '"10Mi" is not an amount per time'],
])('says what is wrong with %j and keeps the rest', (text, error) => {
  const { behavior, errors } = parseBehavior(`${text}; cpu 1`);
  expect(behavior).toEqual({ cpu: [{ amount: 1, from: 0 }] });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(error);
});

test('what is said for one container overrules what is said for the pod', () => {
  const pod = podWith({ 'portolan.dev/behavior': 'cpu 1; memory 1', 'portolan.dev/behavior.log': 'cpu 2' });
  expect(behaviorOf(pod, 'web')).toMatchObject({ cpu: [{ amount: 1 }], memory: [{ amount: 1 }] });
  expect(behaviorOf(pod, 'log')).toMatchObject({ cpu: [{ amount: 2 }], memory: [{ amount: 1 }] });
});

test('an annotation for a container that is not there is an error', () => {
  expect(behaviorErrors(podWith({ 'portolan.dev/behavior.wbe': 'crash-loop' }))).toEqual([
    'Annotation portolan.dev/behavior.wbe is ignored: the pod has no container "wbe": name one of web, log',
  ]);
  expect(behaviorErrors(podWith({ 'portolan.dev/behaviors': 'x', 'portolan.dev/behavior': 'pull-error' }))).toEqual([]);
});

test('a behaviour that no probe would notice is told', () => {
  expect(behaviorsUnseen(podWith({ 'portolan.dev/behavior.log': 'slow-start 9s; hang after 1m' }))).toEqual([
    'Container "log" is told slow-start and hang by annotation portolan.dev/behavior, but has no probe to notice it and counts as ready once it runs: add a readinessProbe',
  ]);
});

test('a failure told to a probe that nobody has is told', () => {
  const pod = podWith({ 'portolan.dev/behavior': 'http:/healthz fails; tcp fails; readiness hangs' });
  const readinessProbe = { httpGet: { path: '/healthz', port: 80 } };
  const probed = { ...pod, spec: { containers: [{ name: 'web', readinessProbe }, { name: 'log' }] } };
  expect(behaviorsUnseen(probed)).toEqual([
    'Annotation portolan.dev/behavior says "tcp fails", but no container that is told so has such a probe',
  ]);
});
