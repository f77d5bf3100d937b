// Go's durations as text (`1h2m3.5s`, `300ms`): what Kubernetes' duration fields and flags hold.

import type { Duration } from './clock.ts';
import { ParseError } from './parse-error.ts';

/** Nanoseconds per unit. */
const units = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const largest = 2n ** 63n;

/**
 * Reads a Go duration.
 * @throws ParseError in the words of Go's time.ParseDuration
 */
export function parseDuration(text: string): Duration {
  const nanos = parseDurationNanos(text);
  const size = nanos < 0n ? -nanos : nanos;
  const duration = Number(size / 1_000_000n) + Number(size % 1_000_000n) / 1e6;
  return nanos < 0n ? -duration : duration;
}

/**
 * The same to the nanosecond.
 * @throws ParseError in the words of Go's time.ParseDuration
 */
export function parseDurationNanos(text: string): bigint {
  const quoted = JSON.stringify(text);
  const [, sign, body = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0n;
  if (body === '') throw new ParseError(`time: invalid duration ${quoted}`);
  let nanos = 0n;
  let rest = body;
  while (rest !== '') {
    const part = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest);
    const [whole = '', digits = '', fraction = '', unit = ''] = part ?? [];
    if (digits === '' && fraction === '') throw new ParseError(`time: invalid duration ${quoted}`);
    if (unit === '') throw new ParseError(`time: missing unit in duration ${quoted}`);
    const size = units.get(unit);
    if (size === undefined) throw new ParseError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    nanos += BigInt(digits || 0) * size + (BigInt(fraction || 0) * size) / 10n ** BigInt(fraction.length);
    if (nanos > largest) throw new ParseError(`time: invalid duration ${quoted}`);
    rest = rest.slice(whole.length);
  }
  if (nanos === largest && sign !== '-') throw new ParseError(`time: invalid duration ${quoted}`);
  return sign === '-' ? -nanos : nanos;
}

/** Writes a duration as Go's String does: `0s`, `1.5ms`, `2m0s`, `1h0m0.25s`. */
export function formatDuration(duration: Duration): string {
  const sign = duration < 0 ? '-' : '';
  const size = Math.abs(duration);
  const whole = Math.floor(size);
  const nanos = BigInt(whole) * 1_000_000n + BigInt(Math.round((size - whole) * 1e6));
  return nanos === 0n ? '0s' : sign + (nanos < 1_000_000_000n ? formatSmall(nanos) : formatLarge(nanos));
}

function formatSmall(nanos: bigint): string {
  if (nanos < 1_000n) return `${nanos}ns`;
  return nanos < 1_000_000n ? `${fixed(nanos, 3)}µs` : `${fixed(nanos, 6)}ms`;
}

function formatLarge(nanos: bigint): string {
  const minutes = nanos / 60_000_000_000n;
  const seconds = `${fixed(nanos % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** value / 10^places without trailing zeros. */
function fixed(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return digits.slice(0, -places) + (fraction && `.${fraction}`);
}

const spokenUnits = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** As people say it, the two largest units: `4 min 10 s`, `2 h`, `45 s`; under a second `0 s`. */
export function spokenDuration(duration: Duration): string {
  let rest = Math.max(0, Math.floor(duration / 1000));
  const first = spokenUnits.findIndex(([, seconds]) => rest >= seconds);
  if (first < 0) return '0 s';
  const parts = spokenUnits.slice(first, first + 2).map(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return count > 0 ? `${count} ${unit}` : '';
  });
  return parts.filter(Boolean).join(' ');
}
