// Times as text: RFC 3339 both ways, and the ages kubectl shows.

import type { Duration, Instant } from './clock.ts';

/** Whole seconds, in UTC: `2026-01-02T03:04:05Z`. */
export const formatTime = (instant: Instant): string =>
  `${new Date(Math.floor(instant / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/** With microseconds, as in leases and events: `2026-01-02T03:04:05.000006Z`. */
export function formatMicroTime(instant: Instant): string {
  const second = Math.floor(instant / 1000);
  const micros = Math.min(999_999, Math.round((instant - second * 1000) * 1000));
  return `${formatTime(second * 1000).slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Reads RFC 3339 with any zone and fraction. Undefined for anything else, days that do not exist included. */
export function parseTime(text: string): Instant | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [zoneHour, zoneMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 24 || zoneMinute > 59) return undefined;
  const midnight = instantOfDate({ year, month, day });
  if (month < 1 || month > 12 || day < 1 || dateOf(midnight).day !== day) return undefined;
  const zone = (match[8] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute);
  return midnight + ((hour * 60 + minute - zone) * 60 + second) * 1000 + Number(match[7] ?? 0) * 1000;
}

export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** The day an instant falls on, in UTC. */
export function dateOf(instant: Instant): CalendarDate {
  const date = new Date(instant);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Midnight of a day, in UTC; days and months beyond their range carry over. */
export function instantOfDate({ year, month, day }: CalendarDate): Instant {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

/** An age as kubectl prints it: two units while small, one when large. */
export function humanDuration(duration: Duration): string {
  const seconds = Math.trunc(duration / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 120) return `${Math.max(0, seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
