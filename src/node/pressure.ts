// When a node runs short of something: as its annotation `portolan.dev/pressure` says, or because its containers use up its memory.

import { minutes, type Duration, type Instant } from '../base/clock.ts';
import { readDuration } from './behaviors.ts';

export const pressureAnnotation = 'portolan.dev/pressure';

export type Scarce = 'memory' | 'disk' | 'pid';
export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

interface Signal {
  readonly condition: PressureCondition;
  /** As evictions name it. */
  readonly resource: string;
  /** Hard: with less than this left, pods are evicted. The kubelet's defaults; in bytes, or processes. */
  readonly threshold: number;
}

/** In the order in which they are reclaimed. */
export const signals: Readonly<Record<Scarce, Signal>> = {
  memory: { condition: 'MemoryPressure', resource: 'memory', threshold: 100 * 1024 ** 2 },
  // A tenth of 100Gi, as the kubelet computes it.
  disk: { condition: 'DiskPressure', resource: 'ephemeral-storage', threshold: 10_737_418_400 },
  // The kubelet has no default for processes: a tenth of 32768.
  pid: { condition: 'PIDPressure', resource: 'pids', threshold: 3276 },
};

const scarce = Object.keys(signals) as readonly Scarce[];

export interface Shortage {
  readonly of: Scarce;
  /** What is left. */
  readonly available: number;
}

/** Counted from when the node's kubelet first saw what is said. */
interface Spell {
  readonly of: Scarce;
  readonly from: Duration;
  readonly to: Duration;
}

const form = /^(memory|disk|pid)(?: after (\S+)| from (\S+) to (\S+))?$/;

/** Reads `memory from 1m to 5m; disk after 10m; pid`. What cannot be read is left out and explained in `errors`. */
export function parsePressure(text: string): { readonly spells: readonly Spell[]; readonly errors: readonly string[] } {
  const parts = text
    .split(';')
    .map((part) => part.trim().replace(/\s+/g, ' '))
    .filter((part) => part !== '');
  const read = parts.map(readSpell);
  return {
    spells: read.filter((each) => typeof each !== 'string'),
    errors: read.filter((each) => typeof each === 'string'),
  };
}

function readSpell(part: string): Spell | string {
  const [, of, after, from, to] = form.exec(part) ?? [];
  const begins = after ?? from;
  const fromMs = begins === undefined ? 0 : readDuration(begins);
  const toMs = to === undefined ? Infinity : readDuration(to);
  if (of !== undefined && fromMs !== undefined && toMs !== undefined)
    return { of: of as Scarce, from: fromMs, to: toMs };
  return `"${part}" is no pressure: write memory, disk or pid, then nothing, "after 1m", or "from 1m to 5m"`;
}

/** What is short now. What is said to be short has half of its threshold left, unless there is even less. */
export function shortagesAt(
  age: Duration,
  { spells, freeMemory }: { readonly spells: readonly Spell[]; readonly freeMemory: number },
): readonly Shortage[] {
  const told = new Set(spells.filter(({ from, to }) => from <= age && age < to).map(({ of }) => of));
  return scarce.flatMap((of) => {
    const { threshold } = signals[of];
    const free = of === 'memory' ? freeMemory : Infinity;
    const available = told.has(of) ? Math.min(free, Math.floor(threshold / 2)) : free;
    return available < threshold ? [{ of, available: Math.max(available, 0) }] : [];
  });
}

/** When each shortage was last seen. */
export type Seen = ReadonlyMap<PressureCondition, Instant>;

/** A condition stays for so long after its shortage is over. */
const transition = minutes(5);

export function seenAfter(before: Seen, shortages: readonly Shortage[], now: Instant): Seen {
  const recent = [...before].filter(([, at]) => now - at < transition);
  return new Map([...recent, ...shortages.map(({ of }) => [signals[of].condition, now] as const)]);
}

/** The conditions a node has after what was seen. */
export const conditionsOf = (seen: Seen): readonly PressureCondition[] =>
  scarce.map((of) => signals[of].condition).filter((condition) => seen.has(condition));
