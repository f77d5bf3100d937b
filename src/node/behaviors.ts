// How a pod's author tells the simulated runtime what its containers do: the annotation `portolan.dev/behavior`. Described in docs/behaviors.md.

import type { Duration } from '../base/clock.ts';
import type { Pod } from '../kinds/generated/types/core-v1.ts';
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
  /** How long it takes to end once asked to. */
  readonly stopAfter?: Duration;
  /** Bytes per millisecond on top of what it uses. */
  readonly leak?: number;
  /** In cores, and in bytes. */
  readonly cpu?: readonly UseSpan[];
  readonly memory?: readonly UseSpan[];
}

interface Form {
  /** Words in capitals stand for values. */
  readonly form: string;
  /** May go on with `from DURATION` or `from DURATION to DURATION`. */
  readonly timed?: true;
  readonly gives: (first: number, second: number, span: Pick<UseSpan, 'from' | 'to'>) => Behavior;
}

export const behaviorForms: readonly Form[] = [
  { form: 'crash-loop', gives: () => ({ crashLoop: true }) },
  { form: 'exit CODE after DURATION', gives: (code, after) => ({ exit: { code, after } }) },
  { form: 'slow-start DURATION', gives: (readyAfter) => ({ readyAfter }) },
  { form: 'not-ready after DURATION', gives: (notReadyAfter) => ({ notReadyAfter }) },
  { form: 'hang after DURATION', gives: (hangAfter) => ({ hangAfter }) },
  { form: 'stop after DURATION', gives: (stopAfter) => ({ stopAfter }) },
  { form: 'leak RATE', gives: (leak) => ({ leak }) },
  { form: 'cpu CORES', timed: true, gives: (amount, _, span) => ({ cpu: [{ amount, ...span }] }) },
  { form: 'cpu PERCENT', timed: true, gives: (amount, _, span) => ({ cpu: [{ amount, share: true, ...span }] }) },
  { form: 'memory BYTES', timed: true, gives: (amount, _, span) => ({ memory: [{ amount, ...span }] }) },
  { form: 'memory PERCENT', timed: true, gives: (amount, _, span) => ({ memory: [{ amount, share: true, ...span }] }) },
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
  readonly read: (text: string) => number | undefined;
  readonly like: string;
}

const values: Record<string, Value> = {
  CODE: { read: readCode, like: 'a number from 0 to 255' },
  DURATION: { read: readDuration, like: 'a duration like 90s, 2m or 1h30m' },
  RATE: { read: readRate, like: 'an amount per time like 10Mi/min' },
  CORES: { read: (text) => measure(text, { '': 1, m: 0.001 }), like: 'cores like 0.5 or 300m' },
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

/** What is said later counts; spans of use are all kept. */
function together(parts: readonly Behavior[]): Behavior {
  const of = (name: 'cpu' | 'memory') => parts.flatMap((part) => part[name] ?? []);
  const [cpu, memory] = [of('cpu'), of('memory')];
  return Object.assign({}, ...parts, cpu.length > 0 && { cpu }, memory.length > 0 && { memory }) as Behavior;
}

/** The behaviour these words say, or what is wrong with them. */
function readPart(words: readonly string[]): Behavior | string {
  const forms = behaviorForms.filter(({ form }) => form.split(' ')[0] === words[0]);
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
  for (const [i, word] of expected.entries()) {
    const given = words[i] ?? '';
    const value = values[word];
    const number = value?.read(given);
    if (value && number === undefined) return `${said}: "${given}" is not ${value.like}: write "${expected.join(' ')}"`;
    if (!value && word !== given) return `${said}: "${given}" should be "${word}": write "${expected.join(' ')}"`;
    if (number !== undefined) numbers.push(number);
  }
  const [from = 0, to] = timed ? numbers.slice(1) : [];
  return gives(numbers[0] ?? 0, numbers[1] ?? 0, { from, ...(to !== undefined && { to }) });
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

/** Behaviours that only a probe could notice, told to a container that has none. */
export function behaviorsUnseen(pod: Pod): readonly string[] {
  return pod.spec.containers.flatMap((container) => {
    const { readyAfter, notReadyAfter, hangAfter } = behaviorOf(pod, container.name);
    const told = [
      readyAfter !== undefined && 'slow-start',
      notReadyAfter !== undefined && 'not-ready',
      hangAfter !== undefined && 'hang',
    ].filter((form) => form !== false);
    if (told.length === 0 || container.startupProbe || container.readinessProbe || container.livenessProbe) return [];
    return [
      `Container "${container.name}" is told ${told.join(' and ')} by annotation ${behaviorAnnotation}, but has no probe to notice it and counts as ready once it runs: add a readinessProbe`,
    ];
  });
}
