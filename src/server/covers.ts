// Whether some rules give at least what others give: the question behind escalation, and behind keeping the default roles whole.

import type { PolicyRule } from './rbac.ts';

/** The wanted rules, taken apart into their smallest parts, that the owned rules do not give. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(parts).filter((part) => !owned.some((rule) => covers(rule, part)));
}

/** Rules of one verb, one group, one resource and at the most one name each, or of one verb and one path. */
export function parts({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): PolicyRule[] {
  const names = resourceNames.length > 0 ? resourceNames.map((name) => [name]) : [undefined];
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          names.map((each) => ({
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            ...(each && { resourceNames: each }),
          })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((path) => verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [path] }))),
  ];
}

/** Whether one rule gives all of one part. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  if (!has(rule.verbs, part.verbs)) return false;
  const [path] = part.nonResourceURLs ?? [];
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((own) => coversPath(own, path));
  return (
    has(rule.apiGroups, part.apiGroups) &&
    coversResource(rule.resources ?? [], part.resources?.[0] ?? '') &&
    coversNames(rule.resourceNames ?? [], part.resourceNames)
  );
}

const has = (owned: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  owned.includes('*') || wanted.every((each) => owned.includes(each));

/** A star stands for all resources, subresources included; one before a slash for that subresource of all. */
function coversResource(owned: readonly string[], wanted: string): boolean {
  const slash = wanted.indexOf('/');
  return owned.includes('*') || owned.includes(wanted) || (slash >= 0 && owned.includes(`*${wanted.slice(slash)}`));
}

const coversNames = (owned: readonly string[], wanted: readonly string[] | undefined): boolean =>
  owned.length === 0 || (wanted !== undefined && wanted.every((name) => owned.includes(name)));

const coversPath = (owned: string, wanted: string): boolean =>
  owned === wanted || owned === '*' || (owned.endsWith('*') && wanted.startsWith(owned.slice(0, -1)));
