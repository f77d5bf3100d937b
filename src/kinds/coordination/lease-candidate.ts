// LeaseCandidate: who would hold a lease, and of which version it is; the server lets the oldest one lead.

import { isQualifiedName } from '../../base/names.ts';
import { type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { LeaseCandidateSpec, LeaseCandidate as Shape } from '../generated/types/coordination-v1beta1.ts';

export type LeaseCandidate = Shape;

export const LeaseCandidate = defineKind<LeaseCandidate>('coordination.k8s.io/v1beta1', 'LeaseCandidate', {
  nameRule: 'configMapKey',
  createOnUpdate: true,
  requireVersionOnUpdate: true,
  generation: 'none',
  validate: ({ spec }) => specIssues(spec ?? {}),
  validateUpdate: ({ spec }, { spec: before }) => [
    ...specIssues(spec ?? {}),
    ...((spec?.leaseName ?? '') === (before?.leaseName ?? '')
      ? []
      : [immutable('spec.leaseName', spec?.leaseName ?? '')]),
  ],
  columns: [
    nameColumn,
    textColumn(
      'LeaseName',
      // Of the older version, which is shorter.
      { type: 'io.k8s.api.coordination.v1alpha2.LeaseCandidateSpec', field: 'leaseName' },
      ({ spec }) => spec?.leaseName ?? '',
    ),
    // Kubernetes looks for the texts of these two where there are none.
    textColumn('BinaryVersion', '', ({ spec }) => spec?.binaryVersion ?? ''),
    textColumn('EmulationVersion', '', ({ spec }) => spec?.emulationVersion ?? ''),
    ageColumn,
  ],
});

const oldest = 'OldestEmulationVersion';

function specIssues(spec: Partial<LeaseCandidateSpec>): Issue[] {
  const { leaseName, emulationVersion = '', strategy = '' } = spec;
  const emulated = parseVersion(emulationVersion);
  const issues = leaseName ? [] : [required('spec.leaseName')];
  if (emulationVersion && !emulated) issues.push(invalid('spec.emulationVersion', emulationVersion, noVersion));
  issues.push(...binaryIssues(spec.binaryVersion ?? '', emulationVersion ? (emulated ?? zero) : undefined));
  if (!strategy) return [...issues, required('spec.strategy')];
  if (strategy === oldest && isZero(emulated ?? zero)) {
    issues.push(required('spec.emulationVersion', `must be specified when \`strategy\` is '${oldest}'`));
  }
  return [...issues, ...strategyIssues(strategy, 'spec.strategy')];
}

/** A name of Kubernetes', or one of somebody's domain. The refusal names a field that is not there. */
export function strategyIssues(strategy: string, field: string): Issue[] {
  if (strategy.includes('/')) return complain(`${field}.strategy`, strategy, isQualifiedName);
  return strategy === oldest ? [] : [notSupported(`${field}.strategy`, strategy, [oldest])];
}

function binaryIssues(text: string, emulated: Version | undefined): Issue[] {
  const field = 'spec.binaryVersion';
  if (!text) return [required(field)];
  const binary = parseVersion(text);
  const issues = binary ? [] : [invalid(field, text, noVersion)];
  if (emulated && compare(binary ?? zero, emulated) < 0) {
    issues.push(invalid(field, text, 'must be greater than or equal to `emulationVersion`'));
  }
  return issues;
}

const noVersion = 'must be a valid semantic version';

/** A semantic version: three numbers, and what precedes the release. */
interface Version {
  readonly numbers: readonly number[];
  readonly before: readonly string[];
}

const zero: Version = { numbers: [0, 0, 0], before: [] };
const number = '(0|[1-9]\\d*)';
const versionForm = new RegExp(`^${number}\\.${number}\\.${number}(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?$`);

function parseVersion(text: string): Version | undefined {
  const match = versionForm.exec(text);
  if (!match) return undefined;
  const before = match[4]?.split('.') ?? [];
  if (before.some((part) => part === '' || /^0\d+$/.test(part))) return undefined;
  return { numbers: match.slice(1, 4).map(Number), before };
}

const isZero = (version: Version): boolean => compare(version, zero) === 0;

function compare(a: Version, b: Version): number {
  for (const [i, one] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0;
    if (one !== other) return one - other;
  }
  if (a.before.length === 0 || b.before.length === 0) return b.before.length - a.before.length;
  return comparePreRelease(a.before, b.before);
}

/** Part by part: numbers before words, and the shorter one first. */
function comparePreRelease(a: readonly string[], b: readonly string[]): number {
  for (const [i, one] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    if (one === other) continue;
    const [x, y] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (x !== y) return x ? -1 : 1;
    return x ? Number(one) - Number(other) : one < other ? -1 : 1;
  }
  return a.length - b.length;
}
