// A terminal between a person and a command: what is typed is echoed and given line by line, Ctrl-C interrupts, Ctrl-D ends.

import { utf8 } from '../../base/bytes.ts';
import { bytePipe, type ByteSink, type ByteSource } from '../../base/byte-pipe.ts';

export interface Terminal {
  /** Whole lines, and the end. */
  readonly input: ByteSource;
  /** Lines end in a carriage return as well. */
  readonly output: ByteSink;
}

const keys = { interrupt: 3, end: 4, backspace: 8, tab: 9, newline: 10, enter: 13, escape: 27, rubout: 127 } as const;

/** What one line may hold, in bytes: a terminal's own limit. */
const longestLine = 4096;

/** `typed` may be left out by who only watches. */
export function terminal(typed: ByteSource | undefined, screen: ByteSink, interrupt: () => void): Terminal {
  const lines = bytePipe();
  let line: number[] = [];
  let escaped = 0;

  async function press(key: number): Promise<void> {
    // Arrows and the like come as an escape, a bracket and a letter; there is no line editing.
    if (escaped > 0) {
      escaped = key === 0x5b && escaped === 1 ? 2 : 0;
      return;
    }
    switch (key) {
      case keys.escape:
        escaped = 1;
        return;
      case keys.interrupt:
        line = [];
        await screen.write(utf8('^C\r\n'));
        return interrupt();
      case keys.end:
        if (line.length === 0) lines.end();
        return;
      case keys.backspace:
      case keys.rubout:
        if (line.pop() !== undefined) await screen.write(utf8('\b \b'));
        return;
      case keys.enter:
      case keys.newline: {
        const whole = Uint8Array.from([...line, keys.newline]);
        line = [];
        await screen.write(utf8('\r\n'));
        return lines.write(whole);
      }
      default:
        if (line.length >= longestLine || (key < 32 && key !== keys.tab)) return;
        line.push(key);
        await screen.write(Uint8Array.of(key));
    }
  }

  async function listen(source: ByteSource): Promise<void> {
    for (let bytes = await source.read(); bytes; bytes = await source.read()) for (const key of bytes) await press(key);
    lines.end();
  }
  if (typed) void listen(typed);
  else lines.end();

  return {
    input: lines,
    output: {
      write: (bytes) => screen.write(bytes.includes(keys.newline) ? returned(bytes) : bytes),
      end: () => screen.end(),
      isClosed: () => screen.isClosed(),
    },
  };
}

const returned = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([...bytes].flatMap((each) => (each === keys.newline ? [keys.enter, keys.newline] : [each])));
