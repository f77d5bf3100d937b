// Why answers differ from those of a real server, for docs/fidelity.md. A row that explains nothing any more is reported, so that it goes.

export interface Reason {
  /** Matched against `group: case: step: where it differs`. */
  readonly where: RegExp;
  readonly why: string;
}

/** The first that matches counts. */
export const reasons: readonly Reason[] = [];
