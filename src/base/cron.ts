// Cron schedules: five fields, names, ranges and steps, `@hourly` and `@every 5m`, in any time zone. Words and rules are robfig/cron's.

import type { Duration, Instant } from './clock.ts';
import { parseDuration } from './duration.ts';
import { ParseError } from './parse-error.ts';
import { dateOf } from './time.ts';
import { isTimeZone, zoneOffset } from './time-zone.ts';

export interface Schedule {
  /**
   * The first time after the instant, or undefined when there is none within five years. In the zone the schedule names, else in
   * `zone`, else in UTC. A time that a clock change skips does not happen; one that it repeats happens twice.
   */
  next(after: Instant, zone?: string): Instant | undefined;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const bounds = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  day: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: monthNames },
  weekday: { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
} satisfies Record<string, Bounds>;

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The values a field allows, and whether it was a star (which changes how the two day fields combine). */
interface FieldSet {
  readonly values: ReadonlySet<number>;
  readonly star: boolean;
}

interface Fields {
  readonly minute: FieldSet;
  readonly hour: FieldSet;
  readonly day: FieldSet;
  readonly month: FieldSet;
  readonly weekday: FieldSet;
}

/** @throws ParseError in the words of robfig/cron */
export function parseCron(text: string): Schedule {
  if (text === '') throw new ParseError('empty spec string');
  const prefix = /^(?:CRON_)?TZ=([^ ]*)(.*)$/s.exec(text);
  if (!prefix) return parseUnzoned(text);
  const [, zone = '', rest = ''] = prefix;
  if (!isTimeZone(zone)) throw new ParseError(`provided bad location ${zone}: unknown time zone ${zone}`);
  const schedule = parseUnzoned(rest.trim());
  return { next: (after) => schedule.next(after, zone) };
}

function parseUnzoned(text: string): Schedule {
  if (!text.startsWith('@')) return parseFields(text);
  const known = descriptors[text];
  if (known) return parseFields(known);
  if (!text.startsWith('@every ')) throw new ParseError(`unrecognized descriptor: ${text}`);
  return every(parseEvery(text));
}

function parseEvery(text: string): Duration {
  try {
    return parseDuration(text.slice('@every '.length));
  } catch (error) {
    throw error instanceof ParseError ? new ParseError(`failed to parse duration ${text}: ${error.message}`) : error;
  }
}

/** Every so many whole seconds, at least one, counted from the instant asked about. */
function every(duration: Duration): Schedule {
  const delay = Math.max(1000, Math.floor(duration / 1000) * 1000);
  return { next: (after) => Math.floor(after / 1000) * 1000 + delay };
}

function parseFields(text: string): Schedule {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== 5) {
    throw new ParseError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts;
  const fields: Fields = {
    minute: parseField(minute, bounds.minute),
    hour: parseField(hour, bounds.hour),
    day: parseField(day, bounds.day),
    month: parseField(month, bounds.month),
    weekday: parseField(weekday, bounds.weekday),
  };
  return { next: (after, zone = 'UTC') => nextMatch(fields, after, zone) };
}

function parseField(field: string, within: Bounds): FieldSet {
  const ranges = field
    .split(',')
    .filter((part) => part !== '')
    .map((part) => parseRange(part, within));
  return {
    values: new Set(ranges.flatMap(({ values }) => values)),
    star: ranges.some(({ star }) => star),
  };
}

function parseRange(text: string, within: Bounds): { readonly values: number[]; readonly star: boolean } {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [lowText = '', highText, ...moreBounds] = range.split('-');
  const star = lowText === '*' || lowText === '?';
  if (!star && moreBounds.length > 0) throw new ParseError(`too many hyphens: ${text}`);
  const low = star ? within.min : parseValue(lowText, within);
  let high = star ? within.max : highText === undefined ? low : parseValue(highText, within);
  if (moreSteps.length > 0) throw new ParseError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // `5/10` means from 5 on.
  if (stepText !== undefined && highText === undefined) high = within.max;

  if (low < within.min) throw new ParseError(`beginning of range (${low}) below minimum (${within.min}): ${text}`);
  if (high > within.max) throw new ParseError(`end of range (${high}) above maximum (${within.max}): ${text}`);
  if (low > high) throw new ParseError(`beginning of range (${low}) beyond end of range (${high}): ${text}`);
  if (step === 0) throw new ParseError(`step of range should be a positive number: ${text}`);
  const values: number[] = [];
  for (let value = low; value <= high; value += step) values.push(value);
  return { values, star: star && step === 1 };
}

function parseValue(text: string, { names, min }: Bounds): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  return named >= 0 ? named + min : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) {
    throw new ParseError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (value < 0) throw new ParseError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Walks forward in real time, by days, then hours, then minutes, until the wall clock of the zone shows an allowed time. */
function nextMatch(fields: Fields, after: Instant, zone: string): Instant | undefined {
  let instant = (Math.floor(after / minuteMs) + 1) * minuteMs;
  let local = instant + zoneOffset(zone, instant);
  const lastYear = dateOf(local).year + 5;
  while (dateOf(local).year <= lastYear) {
    if (!dayMatches(fields, local)) instant = nextMidnight(instant, local, zone);
    else if (!fields.hour.values.has(Math.floor(local / hourMs) % 24)) instant += hourMs - (local % hourMs);
    else if (!fields.minute.values.has(Math.floor(local / minuteMs) % 60)) instant += minuteMs - (local % minuteMs);
    else return instant;
    local = instant + zoneOffset(zone, instant);
  }
  return undefined;
}

/** When both day fields are restricted, either will do. */
function dayMatches({ month, day, weekday }: Fields, local: Instant): boolean {
  const date = dateOf(local);
  if (!month.values.has(date.month)) return false;
  const byDay = day.values.has(date.day);
  const byWeekday = weekday.values.has((Math.floor(local / dayMs) + 4) % 7);
  return day.star || weekday.star ? byDay && byWeekday : byDay || byWeekday;
}

/** The start of the zone's next day: midnight, or the hour that a clock change puts in its place. */
function nextMidnight(instant: Instant, local: Instant, zone: string): Instant {
  const candidate = instant + dayMs - (local % dayMs);
  const shown = (candidate + zoneOffset(zone, candidate)) % dayMs;
  if (shown === 0) return candidate;
  // The day was longer (the clock shows late evening) or shorter (it is already past midnight).
  return shown > dayMs / 2 ? candidate + dayMs - shown : Math.max(candidate - shown, instant + minuteMs);
}
