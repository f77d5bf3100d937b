// The wall clocks of the world: how far a zone is from UTC at an instant. The only place that reads the platform's zone data.

import type { Duration, Instant } from './clock.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', year: 'numeric' });
    formats.set(zone, format);
  }
  return format;
}

/** Whether it is the name of a zone (`Europe/Paris`, `UTC`), as in Go: offsets such as `+01:00` are not. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return false;
  try {
    return formatOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** Offsets by zone and minute, as last asked for: schedules ask for the same minutes over and over. */
const known = new Map<string, Duration>();
const mostKnown = 10_000;

/** What to add to UTC for the zone's wall time. */
export function zoneOffset(zone: string, instant: Instant): Duration {
  if (zone === 'UTC') return 0;
  const key = `${zone} ${Math.floor(instant / 60_000)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const offset = readOffset(zone, instant);
  if (known.size >= mostKnown) known.clear();
  known.set(key, offset);
  return offset;
}

function readOffset(zone: string, instant: Instant): Duration {
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(formatOf(zone).format(instant)) ?? [];
  return (sign === '-' ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}
