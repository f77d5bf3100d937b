// Timestamps and durations with nanoseconds: reading, writing, and the ranges the language allows.

import { parseDurationNanos } from '../../base/duration.ts';
import { ParseError } from '../../base/parse-error.ts';
import { dateOf, parseTime } from '../../base/time.ts';
import { zoneOffset, isTimeZone } from '../../base/time-zone.ts';
import { CelError, Duration, Timestamp } from './values.ts';

const second = 1_000_000_000n;
const earliest = -62_135_596_800;
const latest = 253_402_300_799;

/** Undefined: the text is no time in RFC 3339. */
export function parseTimestampText(text: string): Timestamp | undefined {
  const match = /^(.{19})(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const instant = match ? parseTime(`${match[1]}${match[3]}`) : undefined;
  if (!match || instant === undefined) return undefined;
  const zone = /^([+-])(\d\d):(\d\d)$/.exec(match[3] ?? '');
  const offset = zone ? (Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === '-' ? -60 : 60) : 0;
  const nanos = Number((match[2] ?? '').padEnd(9, '0').slice(0, 9));
  return new Timestamp(instant / 1000, nanos, offset);
}

/** Undefined: the text is no duration as Go writes them, or too long for 64 bits of nanoseconds. */
export function parseDurationText(text: string): Duration | undefined {
  try {
    return new Duration(parseDurationNanos(text));
  } catch (failure) {
    if (failure instanceof ParseError) return undefined;
    throw failure;
  }
}

/** A moment in the years 1 to 9999, or the error of leaving them. */
export function timestampOf(seconds: number, nanos: number, offset = 0): Timestamp | CelError {
  if (seconds < earliest || seconds > latest) return new CelError('timestamp overflow');
  return new Timestamp(seconds, nanos, offset);
}

export function durationOf(nanos: bigint): Duration | CelError {
  return BigInt.asIntN(64, nanos) === nanos ? new Duration(nanos) : new CelError('integer overflow');
}

const nanosOf = (time: Timestamp): bigint => BigInt(time.seconds) * second + BigInt(time.nanos);

export function addDuration(time: Timestamp, nanos: bigint): Timestamp | CelError {
  const sum = nanosOf(time) + nanos;
  const rest = ((sum % second) + second) % second;
  return timestampOf(Number((sum - rest) / second), Number(rest), time.offset);
}

export const timeBetween = (later: Timestamp, earlier: Timestamp): Duration | CelError =>
  durationOf(nanosOf(later) - nanosOf(earlier));

export const compareTimes = (a: Timestamp, b: Timestamp): number => a.seconds - b.seconds || a.nanos - b.nanos;

/** RFC 3339 in the zone the time was written in, with as many digits as it needs. */
export function formatTimestamp(time: Timestamp): string {
  const local = clockOf(time.seconds + time.offset);
  const fraction = time.nanos === 0 ? '' : `.${String(time.nanos).padStart(9, '0').replace(/0+$/, '')}`;
  const { year, month, day, hours, minutes, seconds } = local;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  return `${date}T${pad(hours)}:${pad(minutes)}:${pad(seconds)}${fraction}${formatOffset(time.offset)}`;
}

const pad = (number: number, width = 2): string => String(number).padStart(width, '0');

function formatOffset(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset) / 60;
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** Whole seconds and their fraction: `5182215.25s`. */
export function formatSeconds(duration: Duration): string {
  const size = duration.nanos < 0n ? -duration.nanos : duration.nanos;
  const fraction = String(size % second)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${duration.nanos < 0n ? '-' : ''}${size / second}${fraction && `.${fraction}`}s`;
}

export interface ClockReading {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0 is the first of January. */
  readonly yearday: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

const daySeconds = 86_400;

function clockOf(seconds: number): ClockReading {
  const dayNumber = Math.floor(seconds / daySeconds);
  const rest = seconds - dayNumber * daySeconds;
  const { year, month, day } = dateOf(dayNumber * daySeconds * 1000);
  return {
    year,
    month,
    day,
    weekday: (((dayNumber + 4) % 7) + 7) % 7,
    yearday: dayNumber - firstDay(year),
    hours: Math.floor(rest / 3600),
    minutes: Math.floor(rest / 60) % 60,
    seconds: rest % 60,
  };
}

/** The number of the first of January, counted from 1970. */
function firstDay(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162;
}

/** What clocks show at that moment, in UTC or in a zone (`Europe/Berlin`, `-03:30`). */
export function readClock(time: Timestamp, zone: string | undefined): ClockReading | CelError {
  if (zone === undefined) return clockOf(time.seconds);
  const offset = /^([+-]?)(\d\d?):(\d\d)$/.exec(zone);
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return clockOf(time.seconds + (offset[1] === '-' ? -60 : 60) * minutes);
  }
  if (zone !== '' && !isTimeZone(zone)) return new CelError(`unknown time zone ${zone}`);
  return clockOf(time.seconds + (zone === '' ? 0 : zoneOffset(zone, time.seconds * 1000) / 1000));
}
