// The program's own log on a stream: one line per event, readable by people and by logfmt parsers.

import type { Instant } from '../base/clock.ts';
import type { Level, Log } from '../base/log.ts';
import { formatMicroTime } from '../base/time.ts';

const ranks: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface StreamLogOptions {
  /** The least important level that is written (default info). */
  readonly level?: Level;
  readonly now?: () => Instant;
}

/** Writes `time level message key=value …` to the stream. */
export function streamLog(stream: { write(text: string): unknown }, options: StreamLogOptions = {}): Log {
  const { level: least = 'info', now = Date.now } = options;

  function logWith(context: Record<string, unknown>): Log {
    const line =
      (level: Level) =>
      (message: string, fields: Record<string, unknown> = {}): void => {
        if (ranks[level] < ranks[least]) return;
        const pairs = Object.entries({ ...context, ...fields }).map(([key, value]) => ` ${key}=${valueText(value)}`);
        stream.write(`${formatMicroTime(now())} ${level.padEnd(5)} ${oneLine(message)}${pairs.join('')}\n`);
      };
    return {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      with: (fields) => logWith({ ...context, ...fields }),
    };
  }
  return logWith({});
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message);
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
