// How the demo speaks: scenes with a heading and the command that does the same, facts, and a chart that grows in place on a terminal.

export interface Stage {
  scene(title: string, command?: string): void;
  /** One sentence of what came of it. */
  fact(text: string): void;
  line(text: string): void;
  /** A line that replaces the last progress line on a terminal, and is left out elsewhere. */
  progress(text: string): void;
}

export function createStage(out: NodeJS.WriteStream): Stage {
  const terminal = out.isTTY === true;
  let serial = 0;
  let pending = false;
  const clear = () => {
    if (pending) out.write('\r\u001b[K');
    pending = false;
  };
  const strong = (text: string) => (terminal ? `\u001b[1m${text}\u001b[0m` : text);
  return {
    scene(title, command) {
      clear();
      out.write(`\n${strong(`${++serial}  ${title}`)}\n`);
      if (command) out.write(`   $ ${command}\n`);
    },
    fact(text) {
      clear();
      out.write(`   ${text}\n`);
    },
    line(text) {
      clear();
      out.write(text === '' ? '\n' : `   ${text}\n`);
    },
    progress(text) {
      if (!terminal) return;
      out.write(`\r\u001b[K   ${text}`);
      pending = true;
    },
  };
}

/** Eight heights, for a value between 0 and the most there can be. */
export function bar(value: number, most: number): string {
  const heights = '▁▂▃▄▅▆▇█';
  return heights[Math.round((Math.max(0, Math.min(value, most)) / Math.max(1, most)) * (heights.length - 1))] ?? ' ';
}
