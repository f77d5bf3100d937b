// The command line: one table of commands, parsed by commander, with errors a person can act on.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commands } from './commands.ts';
import { UserError } from './errors.ts';
import { suggest } from './suggest.ts';

export async function main(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const program = new Command('portolan')
    .description(
      'Kubernetes 1.36 in one program: rehearse on simulated nodes, see why, replay. No container really runs.',
    )
    .version(versionText(), '-V, --version', 'which Portolan this is')
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const command of commands) {
    const sub = command
      .define(new Command(command.name))
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    sub.addHelpText('after', `\nExample: ${command.example}`);
    sub.action(async (...given: unknown[]) => {
      process.exitCode = await command.run(sub.opts(), sub.args, given);
    });
    program.addCommand(sub, { hidden: command.hidden === true });
  }
  program.addHelpText('after', '\nExample: portolan up --nodes 6 --zones a,b,c && kubectl get nodes');
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, program, args);
  }
}

function versionText(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `portolan ${version}`;
}

function report(error: unknown, program: Command, args: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const command = program.commands.find((each) => each.name() === args[0]);
    const at = command ? `portolan ${command.name()}` : 'portolan';
    console.error(`${at}: ${suggest(error, command ?? program)}`);
    const example = commands.find((each) => each.name === command?.name())?.example ?? 'portolan up';
    console.error(`Example: ${example}`);
    return 2;
  }
  if (error instanceof UserError) {
    console.error(`portolan ${args[0] ?? ''}: ${error.message}`);
    return error.exitCode;
  }
  console.error(`portolan ${args[0] ?? ''}: an internal error; please report it.`);
  console.error(error instanceof Error ? error.stack : error);
  return 4;
}
