// Why answers differ from those of a real server, for docs/fidelity.md. A row that explains nothing any more is reported, so that it goes.

export interface Reason {
  /** Matched against `group: case: step: where it differs`. */
  readonly where: RegExp;
  readonly why: string;
}

/** The first that matches counts. */
export const reasons: readonly Reason[] = [
  {
    where: /^api\/extensions\/(cel-|mutations|policies|validation: cel)|^api\/groups\/(policies|resource|webhooks): /,
    why: 'Expressions (CEL) in definitions, policies, match conditions and selectors are kept, but neither compiled nor evaluated.',
  },
  {
    where: /^api\/extensions\/validation: instance: whole numbers/,
    why: 'Numbers beyond 64 bits in fields of custom resources that take whole numbers.',
  },
  {
    where: /^api\/machinery\/02-openapi: openapi v3: other forms/,
    why: 'OpenAPI v3 is served as JSON alone, not as protobuf.',
  },
  {
    where: /^api\/machinery\/02-openapi: .*\.(description|enum|default)/,
    why: 'Texts of OpenAPI come from a published package, which has them without the values of enumerations.',
  },
  {
    where: /^api\/core\/service-alloc: .*internalTrafficPolicy/,
    why: 'An ExternalName service forgets its internal traffic policy.',
  },
  {
    where: /^api\/groups\/cross-kinds: apply: a job/,
    why: 'A second, identical apply of a Job writes once more on a real server: a default that is undone in between.',
  },
  {
    where: /^access\/roles: .*GET \/metrics/,
    why: '/metrics is not served.',
  },
  {
    where: /^scheduler\/volumes-and-claims: /,
    why: 'Devices are not allocated: pods with resource claims stay pending, and say so.',
  },
];
