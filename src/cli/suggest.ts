// Turns the parser's refusals into sentences, with the nearest thing that does exist.

import type { Command, CommanderError } from 'commander';

export function suggest(error: CommanderError, command: Command): string {
  const wanted = /'([^']+)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.unknownOption') {
    const near = nearest(wanted, command.options.map((option) => option.long ?? '').filter(Boolean));
    return `there is no option ${wanted}.${near ? ` Did you mean ${near}?` : ''}`;
  }
  if (error.code === 'commander.unknownCommand') {
    const near = nearest(
      wanted,
      command.commands.map((each) => each.name()),
    );
    return `there is no command ${wanted}.${near ? ` Did you mean ${near}?` : ''}`;
  }
  return error.message.replace(/^error: /, '').replace(/\.?$/, '.');
}

/** The candidate that differs least, if it differs little. */
export function nearest(wanted: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, wanted.length / 3) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
