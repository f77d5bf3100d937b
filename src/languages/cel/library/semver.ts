// Versions: `semver('1.2.3').isLessThan(semver('1.3.0'))`, and with `true` also `v1.2`.

import { declare, type FunctionDeclaration, type Library, member, namedObject, overload } from '../environment.ts';
import { boolType, intType, stringType, type Type } from '../types.ts';
import { CelError, Opaque, type Result, type Value } from '../values.ts';

export const semverType = namedObject('kubernetes.Semver');

interface Version {
  readonly numbers: readonly bigint[];
  /** What stands behind the dash, in parts. */
  readonly early: readonly string[];
}

const places = ['Major', 'Minor', 'Patch'];

function parse(text: string): Version | CelError {
  if (text === '') return new CelError('Version string empty');
  const [core = '', ...build] = text.split('+');
  const dash = core.indexOf('-');
  const numbers = (dash < 0 ? core : core.slice(0, dash)).split('.');
  if (numbers.length !== 3) return new CelError('No Major.Minor.Patch elements found');
  for (const [i, number] of numbers.entries()) {
    const place = places[i] ?? '';
    if (!/^\d+$/.test(number)) {
      return new CelError(`Invalid character(s) found in ${place.toLowerCase()} number ${JSON.stringify(number)}`);
    }
    if (/^0\d/.test(number)) {
      return new CelError(`${place} number must not contain leading zeroes ${JSON.stringify(number)}`);
    }
  }
  const early = dash < 0 ? [] : core.slice(dash + 1).split('.');
  const failure = early.map(whyNotEarly).find((why) => why !== undefined) ?? whyNoBuild(build);
  return failure === undefined ? { numbers: numbers.map(BigInt), early } : new CelError(failure);
}

function whyNotEarly(part: string): string | undefined {
  if (part === '') return 'Prerelease is empty';
  if (/^0\d+$/.test(part)) return `Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(part)}`;
  return /^[0-9A-Za-z-]+$/.test(part) ? undefined : `Invalid character(s) found in prerelease ${JSON.stringify(part)}`;
}

function whyNoBuild(build: readonly string[]): string | undefined {
  if (build.length === 0) return undefined;
  const parts = build.join('+').split('.');
  if (parts.includes('')) return 'Build meta data is empty';
  const odd = parts.find((part) => !/^[0-9A-Za-z-]+$/.test(part));
  return odd === undefined ? undefined : `Invalid character(s) found in build meta data ${JSON.stringify(odd)}`;
}

/** Takes a leading v, leading zeros and missing numbers too. */
function parseTolerantly(text: string): Version | CelError {
  const parts = text.replace(/^v/, '').split('.');
  const kept = [...parts.slice(0, 2), ...(parts.length > 2 ? [parts.slice(2).join('.')] : [])].map(withoutZeros);
  if (kept.length < 3) {
    if (/[+-]/.test(kept.at(-1) ?? '')) {
      return new CelError('short version cannot contain PreRelease/Build meta data');
    }
    while (kept.length < 3) kept.push('0');
  }
  return parse(kept.join('.'));
}

const withoutZeros = (part: string): string => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part);

function compareVersions(a: Version, b: Version): number {
  for (const [i, number] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0n;
    if (number !== other) return number < other ? -1 : 1;
  }
  if (a.early.length === 0 || b.early.length === 0) return Math.sign(b.early.length - a.early.length);
  for (const [i, part] of a.early.entries()) {
    const other = b.early[i];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return a.early.length < b.early.length ? -1 : 0;
}

/** Numbers before words. */
function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : 1;
}

const read = (text: Value | undefined, tolerantly: Value | undefined): Version | CelError =>
  tolerantly === true ? parseTolerantly(text as string) : parse(text as string);

function wrap(version: Version | CelError): Result {
  if (version instanceof CelError) return version;
  return new Opaque(semverType.name, version, `${version.numbers.join('.')}-${version.early.join('.')}`);
}

/** The value of a version's text: three numbers, and what may follow them. */
export const semverValue = (text: string): Result => wrap(parse(text));

const unwrap = (value: Value | undefined): Version => (value as Opaque<Version>).data;

const number = (name: string, place: number): FunctionDeclaration =>
  declare(
    name,
    member(`semver_${name}`, [semverType], intType, (value) => unwrap(value).numbers[place] ?? 0n),
  );

const comparison = (name: string, id: string, result: Type, run: (order: number) => Value): FunctionDeclaration =>
  declare(
    name,
    member(`semver_${id}`, [semverType, semverType], result, (a, b) => run(compareVersions(unwrap(a), unwrap(b)))),
  );

export const semverLibrary: Library = {
  types: { [semverType.name]: semverType },
  functions: [
    declare(
      'semver',
      overload('string_to_semver', [stringType], semverType, (text) => wrap(read(text, false))),
      overload('string_bool_to_semver', [stringType, boolType], semverType, (text, flag) => wrap(read(text, flag))),
    ),
    declare(
      'isSemver',
      overload('is_semver_string', [stringType], boolType, (text) => !(read(text, false) instanceof CelError)),
      overload(
        'is_semver_string_bool',
        [stringType, boolType],
        boolType,
        (text, flag) => !(read(text, flag) instanceof CelError),
      ),
    ),
    comparison('isGreaterThan', 'is_greater_than', boolType, (order) => order > 0),
    comparison('isLessThan', 'is_less_than', boolType, (order) => order < 0),
    comparison('compareTo', 'compare_to', intType, BigInt),
    number('major', 0),
    number('minor', 1),
    number('patch', 2),
  ],
};
