// What a command is: a name, an example, its options, and what it does.

import type { Command as Parser } from 'commander';
import type { ExitCode } from './errors.ts';

export interface CliCommand {
  readonly name: string;
  /** Shown at the end of its help, and after a mistake. */
  readonly example: string;
  /** Not for people: help leaves it out. */
  readonly hidden?: boolean;
  define(parser: Parser): Parser;
  /** `options` as parsed, `args` what is left; gives the exit code. */
  run(options: Record<string, unknown>, args: readonly string[], given: readonly unknown[]): Promise<ExitCode>;
}
