// What the kinds that make pods from a template have in common: selectors, counters, and the name their pods will bear.

import { isDns1123Label } from '../base/names.ts';
import { ParseError } from '../base/parse-error.ts';
import { type LabelSelector, type Selector, printSelector, selectorOf } from '../base/selectors.ts';
import { type Issue, forbiddenField, invalid } from '../api/issues.ts';
import type { KubeObject } from '../api/object.ts';
import { labelIssues, nonNegative, notListed } from './checks.ts';
import type { PodTemplateSpec } from './generated/types/core-v1.ts';
import { validatePodTemplateSpec } from './pod-spec/template.ts';

/** What a selector selects; undefined for one that means nothing. */
export function readSelector(selector: LabelSelector | null | undefined): Selector | undefined {
  if (labelIssues(selector?.matchLabels, '').length > 0) return undefined;
  try {
    return selectorOf(selector, 'nothing');
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** Go prints maps in the order of their keys. */
export const sortedByKey = <V>(map: Readonly<Record<string, V>>): Record<string, V> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A selector as refusals print it. */
export const shownSelector = (selector: LabelSelector): LabelSelector =>
  selector.matchLabels ? { ...selector, matchLabels: sortedByKey(selector.matchLabels) } : selector;

/** A selector as tables show it. */
export function selectorCell(selector: LabelSelector | null | undefined): string {
  const read = readSelector(selector);
  return read ? printSelector(read) || '<none>' : '<error>';
}

export const isEmptySelector = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;

/** The template must have labels that its workload's selector selects. */
export function mismatchIssues(selector: Selector, template: PodTemplateSpec | undefined, field: string): Issue[] {
  const labels = template?.metadata?.labels;
  if (selector.matches(labels ?? {})) return [];
  const shown = labels ? sortedByKey(labels) : null;
  return [invalid(`${field}.metadata.labels`, shown, '`selector` does not match template `labels`')];
}

/** Pods of workloads that replace them run forever. */
export function endlessTemplateIssues(template: PodTemplateSpec, field: string, kind: string): Issue[] {
  const issues = validatePodTemplateSpec(template, field);
  return [...issues, ...endlessIssues(template, field, kind)];
}

export function endlessIssues({ spec }: PodTemplateSpec, field: string, kind: string): Issue[] {
  const issues: Issue[] = [];
  const policy = spec?.restartPolicy ?? 'Always';
  if (policy !== 'Always') issues.push(notListed(`${field}.spec.restartPolicy`, policy, ['Always']));
  if (spec?.activeDeadlineSeconds !== undefined) {
    const rule = `activeDeadlineSeconds in ${kind} is not Supported`;
    issues.push(forbiddenField(`${field}.spec.activeDeadlineSeconds`, rule));
  }
  return issues;
}

/** Names that are good for the object and bad for its pods. */
export function podNameWarnings({ metadata }: KubeObject): string[] {
  const wrong = isDns1123Label(metadata.name ?? '');
  if (wrong.length === 0) return [];
  const rule =
    'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: ${rule}: [${wrong.join(' ')}]`];
}

/** Warnings about the template are given again only when the update counted as a new generation. */
export const isNewGeneration = (next: KubeObject, previous: KubeObject | undefined): boolean =>
  next.metadata.generation !== previous?.metadata.generation;

/** Counters of a status that must not be negative, in the order they are named. */
export const counterIssues = <S extends object>(status: S | undefined, names: readonly (keyof S & string)[]): Issue[] =>
  names.flatMap((name) => nonNegative(`status.${name}`, status?.[name] as number | undefined));

/** One counter of a status that must not exceed another. */
export function excessIssues(field: string, value: number | undefined, limit: number | undefined, of: string): Issue[] {
  const [count, most] = [value ?? 0, limit ?? 0];
  return count > most ? [invalid(field, count, `cannot be greater than ${of}`)] : [];
}

/** Collisions are only ever added. */
export function collisionIssues(next: { collisionCount?: number } | undefined, previous: typeof next): Issue[] {
  const before = previous?.collisionCount;
  const now = next?.collisionCount ?? 0;
  return before !== undefined && now < before ? [invalid('status.collisionCount', now, 'cannot be decremented')] : [];
}
