// What goes wrong at the command line, and with which exit code it ends.

/** 0 expectations met, 1 failed, 2 usage or input, 3 not modelled, 4 internal, 124 timed out. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 124;

/** A fault the user can mend: one clear line, no stack. */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
