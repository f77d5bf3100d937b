// How a pod's author tells the simulated runtime what its containers do: the annotation `portolan.dev/behavior`. Described in docs/behaviors.md.

import type { Duration } from '../base/clock.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import { isAbout, namesProbe, type ProbeFault } from './probe-faults.ts';
import { probeNames, probeOf } from './probes.ts';
import type { UseSpan } from './use.ts';

export const behaviorAnnotation = 'portolan.dev/behavior';

/** What a container was told to do; everything else it does as if nothing was said. Times count from its start. */
export interface Behavior {
  readonly exit?: { readonly code: number; readonly after: Duration };
  /** Ends with code 1 a moment after each start. */
  readonly crashLoop?: true;
  /** Its image cannot be pulled. */
  readonly pullError?: true;
  /** Startup and readiness probes fail before this. */
  readonly readyAfter?: Duration;
  /** Readiness probes fail from this on. */
  readonly notReadyAfter?: Duration;
  /** Every probe fails from this on. */
  readonly hangAfter?: Duration;
  /** When which probes fail besides. */
  readonly probeFaults?: readonly ProbeFault[];
  /** How long it takes to end once asked to. */
  readonly stopAfter?: Duration;
  /** Bytes per millisecond on top of what it uses. */
  readonly leak?: number;
  /** In cores, and in bytes. */
  readonly cpu?: readonly UseSpan[];
  readonly memory?: readonly UseSpan[];
}

/** What a form may say besides its numbers. */
interface Said {
  readonly span: Pick<UseSpan, 'from' | 'to'>;
  readonly probe: string;
}

interface Form {
  /** Words in capitals stand for values. */
  readonly form: string;
  /** May go on with `from DURATION` or `from DURATION to DURATION`. */
  readonly timed?: true;
  readonly gives: (first: number, second: number, said: Said) => Behavior;
}

const faulty = (how: ProbeFault['how']): readonly Form[] => [
  { form: `PROBE ${how}`, gives: (_first, _second, { probe }) => faultOf({ probe, how, from: 0, to: Infinity }) },
  {
    form: `PROBE ${how} after DURATION`,
    gives: (from, _second, { probe }) => faultOf({ probe, how, from, to: Infinity }),
  },
  {
    form: `PROBE ${how} from DURATION to DURATION`,
    gives: (from, to, { probe }) => faultOf({ probe, how, from, to }),
  },
];

const faultOf = (fault: ProbeFault): Behavior => ({ probeFaults: [fault] });

export const behaviorForms: readonly Form[] = [
  { form: 'crash-loop', gives: () => ({ crashLoop: true }) },
  { form: 'exit CODE after DURATION', gives: (code, after) => ({ exit: { code, after } }) },
  { form: 'slow-start DURATION', gives: (readyAfter) => ({ readyAfter }) },
  { form: 'not-ready after DURATION', gives: (notReadyAfter) => ({ notReadyAfter }) },
  { form: 'hang after DURATION', gives: (hangAfter) => ({ hangAfter }) },
  ...faulty('fails'),
  ...faulty('hangs'),
  { form: 'stop after DURATION', gives: (stopAfter) => ({ stopAfter }) },
  { form: 'leak RATE', gives: (leak) => ({ leak }) },
  { form: 'cpu CORES', timed: true, gives: (amount, _, { span }) => ({ cpu: [{ amount, ...span }] }) },
  { form: 'cpu PERCENT', timed: true, gives: (amount, _, { span }) => ({ cpu: [{ amount, share: true, ...span }] }) },
  { form: 'memory BYTES', timed: true, gives: (amount, _, { span }) => ({ memory: [{ amount, ...span }] }) },
  {
    form: 'memory PERCENT',
    timed: true,
    gives: (amount, _, { span }) => ({ memory: [{ amount, share: true, ...span }] }),
  },
  { form: 'pull-error', gives: () => ({ pullError: true }) },
];

const durationUnits: Record<string, Duration> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const byteUnits: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

/** A number with one of these units. */
function measure(text: string, units: Record<string, number>): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const scale = units[unit ?? '-'];
  return amount === undefined || scale === undefined ? undefined : Number(amount) * scale;
}

/** `90s`, `1m30s`, `2h`: milliseconds. */
export function readDuration(text: string): Duration | undefined {
  const parts = text.match(/\d+(?:\.\d+)?[a-z]+/g);
  if (!parts || parts.join('') !== text) return undefined;
  const lengths = parts.map((part) => measure(part, durationUnits));
  return lengths.reduce<number | undefined>(
    (sum, each) => (sum === undefined || each === undefined ? undefined : sum + each),
    0,
  );
}

function readRate(text: string): number | undefined {
  const [amount, unit, ...rest] = text.split('/');
  const bytes = measure(amount ?? '', byteUnits);
  const span = durationUnits[unit ?? ''];
  return bytes === undefined || span === undefined || rest.length > 0 ? undefined : bytes / span;
}

function readCode(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
}

function readPercent(text: string): number | undefined {
  const share = text.endsWith('%') ? measure(text.slice(0, -1), { '': 1 }) : undefined;
  return share === undefined ? undefined : share / 100;
}

interface Value {
  readonly read: (text: string) => number | string | undefined;
  readonly like: string;
}

const values: Record<string, Value> = {
  CODE: { read: readCode, like: 'a number from 0 to 255' },
  DURATION: { read: readDuration, like: 'a duration like 90s, 2m or 1h30m' },
  RATE: { read: readRate, like: 'an amount per time like 10Mi/min' },
  CORES: { read: (text) => measure(text, { '': 1, m: 0.001 }), like: 'cores like 0.5 or 300m' },
  PROBE: {
    read: (text) => (namesProbe(text) ? text : undefined),
    like: 'readiness, liveness, startup, exec, http, tcp or grpc, or a handler with what it asks like http:/healthz or tcp:5432',
  },
  BYTES: { read: (text) => measure(text, byteUnits), like: 'bytes like 200Mi' },
  PERCENT: { read: readPercent, like: 'a share of what is requested like 80%' },
};

/** Reads `a; b; c`. What cannot be read is left out and explained in `errors`. */
export function parseBehavior(text: string): { readonly behavior: Behavior; readonly errors: readonly string[] } {
  const parts = text
    .split(';')
    .map((part) => part.trim().split(/\s+/))
    .filter((words) => words[0] !== '');
  const read = parts.map(readPart);
  return {
    behavior: together(read.filter((each) => typeof each !== 'string')),
    errors: read.filter((each) => typeof each === 'string'),
  };
}

const kept = ['cpu', 'memory', 'probeFaults'] as const;

/** What is said later counts; spans of use and faults of probes are all kept. */
function together(parts: readonly Behavior[]): Behavior {
  const all = kept.map((name) => [name, parts.flatMap((part): readonly object[] => part[name] ?? [])] as const);
  return Object.assign({}, ...parts, Object.fromEntries(all.filter(([, list]) => list.length > 0))) as Behavior;
}

/** The forms that begin so, those with most words in common first; of several, those of the same length. */
function formsLike(words: readonly string[]): readonly Form[] {
  const nearness = (form: readonly string[]): number =>
    2 * form.filter((word, i) => word === words[i]).length + (form.length === words.length ? 1 : 0);
  return behaviorForms
    .map((each) => ({ each, form: each.form.split(' ') }))
    .filter(({ form: [first = ''] }) => first === words[0] || values[first]?.read(words[0] ?? '') !== undefined)
    .sort((a, b) => nearness(b.form) - nearness(a.form))
    .map(({ each }) => each);
}

/** The behaviour these words say, or what is wrong with them. */
function readPart(words: readonly string[]): Behavior | string {
  const forms = formsLike(words);
  if (forms.length === 0)
    return `"${words.join(' ')}" is not a behaviour: use one of ${behaviorForms.map(({ form }) => `"${form}"`).join(', ')}`;
  const read = forms.map((form) => readForm(form, words));
  return read.find((each) => typeof each !== 'string') ?? read[0] ?? '';
}

function readForm({ form, timed, gives }: Form, words: readonly string[]): Behavior | string {
  const said = `"${words.join(' ')}"`;
  const plain = form.split(' ');
  const tail = timed ? spanWords.slice(0, Math.max(0, words.length - plain.length)) : [];
  const expected = [...plain, ...tail];
  if (expected.length !== words.length || tail.length % 2 === 1)
    return `${said} is incomplete or too long: write "${[...plain, ...(timed ? spanWords : [])].join(' ')}"`;

  const numbers: number[] = [];
  let probe = '';
  for (const [i, word] of expected.entries()) {
    const given = words[i] ?? '';
    const value = values[word];
    const meant = value?.read(given);
    if (value && meant === undefined) return `${said}: "${given}" is not ${value.like}: write "${expected.join(' ')}"`;
    if (!value && word !== given) return `${said}: "${given}" should be "${word}": write "${expected.join(' ')}"`;
    if (typeof meant === 'number') numbers.push(meant);
    else probe = meant ?? probe;
  }
  const [from = 0, to] = timed ? numbers.slice(1) : [];
  return gives(numbers[0] ?? 0, numbers[1] ?? 0, { span: { from, ...(to !== undefined && { to }) }, probe });
}

const spanWords = ['from', 'DURATION', 'to', 'DURATION'];

/** The behaviour of one container: what is said for the whole pod, overruled by what is said for it alone. */
export function behaviorOf(pod: Pod, container: string): Behavior {
  const { [behaviorAnnotation]: all = '', [`${behaviorAnnotation}.${container}`]: own = '' } =
    pod.metadata.annotations ?? {};
  return { ...parseBehavior(all).behavior, ...parseBehavior(own).behavior };
}

/** What cannot be followed in a pod's behaviour annotations: what, where and what to do. */
export function behaviorErrors(pod: Pod): readonly string[] {
  const names = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(({ name }) => name);
  return Object.entries(pod.metadata.annotations ?? {}).flatMap(([annotation, text]) => {
    if (annotation !== behaviorAnnotation && !annotation.startsWith(`${behaviorAnnotation}.`)) return [];
    const name = annotation.slice(behaviorAnnotation.length + 1);
    if (name && !names.includes(name))
      return [
        `Annotation ${annotation} is ignored: the pod has no container "${name}": name one of ${names.join(', ')}`,
      ];
    return parseBehavior(text).errors.map((error) => `Annotation ${annotation}, part ${error}`);
  });
}

/** Behaviours that only a probe could notice, told where there is none. */
export function behaviorsUnseen(pod: Pod): readonly string[] {
  return [...pod.spec.containers.flatMap((container) => slownessUnseen(pod, container)), ...faultsUnseen(pod)];
}

function slownessUnseen(pod: Pod, container: Container): readonly string[] {
  const { readyAfter, notReadyAfter, hangAfter } = behaviorOf(pod, container.name);
  const told = [
    readyAfter !== undefined && 'slow-start',
    notReadyAfter !== undefined && 'not-ready',
    hangAfter !== undefined && 'hang',
  ].filter((form) => form !== false);
  if (told.length === 0 || probeNames.some((name) => probeOf(container, name))) return [];
  return [
    `Container "${container.name}" is told ${told.join(' and ')} by annotation ${behaviorAnnotation}, but has no probe to notice it and counts as ready once it runs: add a readinessProbe`,
  ];
}

/** What is told to all containers is seen when one of them notices. */
function faultsUnseen(pod: Pod): readonly string[] {
  const told = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap((container) =>
    (behaviorOf(pod, container.name).probeFaults ?? []).map(({ probe, how }) => ({
      what: `${probe} ${how}`,
      seen: probeNames.some((name) => {
        const asked = probeOf(container, name);
        return asked !== undefined && isAbout(probe, { name, probe: asked }, container);
      }),
    })),
  );
  const seen = new Set(told.filter((each) => each.seen).map(({ what }) => what));
  const unseen = new Set(told.map(({ what }) => what).filter((what) => !seen.has(what)));
  return [...unseen].map(
    (what) => `Annotation ${behaviorAnnotation} says "${what}", but no container that is told so has such a probe`,
  );
}
