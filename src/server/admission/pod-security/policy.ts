// Which level of the Pod Security Standards a namespace asks for, in which version, by its labels.

import type { Labels } from '../../../base/selectors.ts';
import { invalid, type Issue } from '../../../api/issues.ts';

export const levels = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof levels)[number];

export interface LevelVersion {
  readonly level: Level;
  /** A minor version of Kubernetes. */
  readonly version: number | 'latest';
}

export const modes = ['enforce', 'audit', 'warn'] as const;
export type Policy = Readonly<Record<(typeof modes)[number], LevelVersion>>;

const prefix = 'pod-security.kubernetes.io/';
const privileged: LevelVersion = { level: 'privileged', version: 'latest' };

/** The policy the labels ask for; what they say wrong counts as not said, and is told. */
export function policyOf(labels: Labels | undefined): { readonly policy: Policy; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const read = (mode: string): LevelVersion => {
    const [levelKey, versionKey] = [prefix + mode, `${prefix}${mode}-version`];
    const [level, version] = [labels?.[levelKey], labels?.[versionKey]];
    const wrong = (key: string, value: string, rule: string) =>
      issues.push(invalid(`metadata.labels[${key}]`, value, rule));
    if (level !== undefined && !isLevel(level)) wrong(levelKey, level, `must be one of ${levels.join(', ')}`);
    const parsed = version === undefined ? 'latest' : parseVersion(version);
    if (parsed === undefined) wrong(versionKey, version ?? '', 'must be "latest" or "v1.x"');
    return {
      level: level !== undefined && isLevel(level) ? level : privileged.level,
      version: parsed ?? privileged.version,
    };
  };
  const policy = { enforce: read('enforce'), audit: read('audit'), warn: read('warn') };
  return { policy, issues };
}

const isLevel = (text: string): text is Level => (levels as readonly string[]).includes(text);

function parseVersion(text: string): number | 'latest' | undefined {
  if (text === 'latest') return text;
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** `restricted:v1.24` */
export const printLevel = ({ level, version }: LevelVersion): string =>
  `${level}:${version === 'latest' ? version : `v1.${version}`}`;

export const isSame = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.version === b.version;
