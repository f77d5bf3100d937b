// Whether a pod keeps to a level of the Pod Security Standards, and what it does if not.

import type { CheckedPod, Rule, Violation } from './check.ts';
import { podSecurityChecks } from './index.ts';
import type { LevelVersion } from './policy.ts';

/** Everything the pod does that the level forbids, in the order of the table. */
export function violationsOf(pod: CheckedPod, level: LevelVersion): readonly Violation[] {
  return rulesOf(level).flatMap((rule) => rule.violation(pod) ?? []);
}

/** The rules of a level as they were in a version. */
function rulesOf({ level, version }: LevelVersion): readonly Rule[] {
  if (level === 'privileged') return [];
  const chosen = podSecurityChecks
    .filter((check) => level === 'restricted' || check.level === 'baseline')
    .flatMap(({ id, rules }) => {
      const rule = rules.findLast(({ since }) => version === 'latest' || since <= version);
      return rule ? [{ id, rule }] : [];
    });
  const overridden = new Set(chosen.flatMap(({ rule }) => rule.overrides ?? []));
  return chosen.filter(({ id }) => !overridden.has(id)).map(({ rule }) => rule);
}

/** `host namespaces (hostNetwork=true), privileged (…)` */
export const printViolations = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');

/** `host namespaces, privileged` */
export const printReasons = (violations: readonly Violation[]): string =>
  violations.map(({ reason }) => reason).join(', ');
