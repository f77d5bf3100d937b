// Why answers differ from those of a real server, for docs/fidelity.md. A row that explains nothing any more is reported, so that it goes.

export interface Reason {
  /** Matched against `group: case: step: where it differs`. */
  readonly where: RegExp;
  readonly why: string;
}

/** The first that matches counts. */
export const reasons: readonly Reason[] = [
  {
    where: /^api\/extensions\/validation: instance: whole numbers/,
    why: 'The largest whole numbers of 64 bits are refused in custom resources: the numbers of JavaScript cannot hold them.',
  },
  {
    where: /^api\/core\/service-alloc: .*internalTrafficPolicy/,
    why: 'An ExternalName service forgets its internal traffic policy.',
  },
  {
    where: /^api\/groups\/cross-kinds: apply: a job/,
    why: 'A second, identical apply of a Job writes once more on a real server: a default that is undone in between.',
  },
];
