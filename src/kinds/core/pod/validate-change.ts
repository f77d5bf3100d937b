// What of a pod may change once it is there: images, a shorter deadline, more tolerations, fewer gates, and little else.

import { type Issue, forbiddenField, invalid, required } from '../../../api/issues.ts';
import { deepEqual } from '../../../base/equal.ts';
import { differenceOf } from '../../diff.ts';
import type { Affinity, Container, Pod, PodSpec, Toleration } from '../../generated/types/core-v1.ts';
import { annotationChangeIssues, podAnnotationIssues } from '../../pod-spec/annotations.ts';
import { internalPodSpec } from '../../pod-spec/internal-form.ts';
import { tolerationIssues } from '../../pod-spec/scheduling.ts';
import { podContentIssues } from './validate.ts';

export function podChangeIssues(next: Pod, previous: Pod): Issue[] {
  return [
    ...podContentIssues(next),
    ...annotationChangeIssues(next.metadata, previous.metadata, 'metadata.annotations'),
    ...podAnnotationIssues(next.metadata, next.spec, 'metadata.annotations'),
    ...specChangeIssues(next.spec, previous.spec),
  ];
}

function specChangeIssues(next: PodSpec, previous: PodSpec): Issue[] {
  const issues: Issue[] = [];
  for (const list of ['containers', 'initContainers'] as const) {
    if ((next[list] ?? []).length !== (previous[list] ?? []).length) {
      return [...issues, forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')];
    }
    issues.push(...imageIssues(next[list] ?? [], `spec.${list}`));
  }
  const deadline = deadlineIssues(next, previous);
  if (deadline.length > 0 && next.activeDeadlineSeconds !== undefined) return [...issues, ...deadline];
  issues.push(...deadline, ...addedTolerationIssues(next, previous), ...gateIssues(next, previous));
  issues.push(...gatedIssues(next, previous));
  return [...issues, ...restIssues(next, previous)];
}

function imageIssues(containers: readonly Container[], field: string): Issue[] {
  return containers.flatMap(({ image = '' }, i) => {
    if (!image) return [required(`${field}[${i}].image`)];
    const padded = image.trim() !== image;
    return padded ? [invalid(`${field}[${i}].image`, image, 'must not have leading or trailing whitespace')] : [];
  });
}

const longest = 2_147_483_647;

/** A deadline may be set once, and shortened. */
function deadlineIssues({ activeDeadlineSeconds: now }: PodSpec, { activeDeadlineSeconds: before }: PodSpec): Issue[] {
  const field = 'spec.activeDeadlineSeconds';
  if (now === undefined) {
    return before === undefined ? [] : [invalid(field, null, 'must not update from a positive integer to nil value')];
  }
  if (now < 0 || now > longest) return [invalid(field, now, `must be between 0 and ${longest}, inclusive`)];
  return before !== undefined && now > before
    ? [invalid(field, now, 'must be less than or equal to previous value')]
    : [];
}

/** Tolerations may be added, and last longer or shorter. */
function addedTolerationIssues(next: PodSpec, previous: PodSpec): Issue[] {
  const [now, before] = [next.tolerations ?? [], previous.tolerations ?? []];
  const sameButTime = (a: Toleration, b: Toleration) =>
    a.key === b.key && a.operator === b.operator && a.value === b.value && a.effect === b.effect;
  if (before.every((old) => now.some((each) => sameButTime(old, each)))) {
    return deepEqual(now, before) ? [] : tolerationIssues(now, 'spec.tolerations');
  }
  const rule = 'existing toleration can not be modified except its tolerationSeconds';
  return [forbiddenField('spec.tolerations', rule)];
}

const gateNames = (spec: PodSpec): string[] => (spec.schedulingGates ?? []).map(({ name }) => name);

function gateIssues(next: PodSpec, previous: PodSpec): Issue[] {
  const before = gateNames(previous);
  return gateNames(next).flatMap((name, i) =>
    before.includes(name)
      ? []
      : [
          forbiddenField(
            `spec.schedulingGates[${i}]`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

const isGated = (spec: PodSpec): boolean => gateNames(spec).length > 0;

/** While gated, a pod's wishes about nodes may become narrower. */
function gatedIssues(next: PodSpec, previous: PodSpec): Issue[] {
  if (!isGated(previous)) return [];
  return [...narrowedSelectorIssues(next, previous), ...narrowedAffinityIssues(next, previous)];
}

function narrowedSelectorIssues({ nodeSelector: now }: PodSpec, { nodeSelector: before }: PodSpec): Issue[] {
  const kept = Object.entries(before ?? {}).every(([key, value]) => now?.[key] === value);
  if (kept) return [];
  const rule = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  return [invalid('spec.nodeSelector', now ?? null, rule)];
}

const required_ = 'requiredDuringSchedulingIgnoredDuringExecution';

function narrowedAffinityIssues({ affinity: now }: PodSpec, { affinity: before }: PodSpec): Issue[] {
  const [old, young] = [before?.nodeAffinity?.[required_], now?.nodeAffinity?.[required_]];
  if (!old || deepEqual(old, young)) return [];
  const field = `spec.affinity.nodeAffinity.${required_}`;
  const [oldTerms, terms] = [old.nodeSelectorTerms ?? [], young?.nodeSelectorTerms ?? []];
  if (terms.length !== oldTerms.length) {
    const rule = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [invalid(`${field}.nodeSelectorTerms`, terms, rule)];
  }
  return oldTerms.flatMap((term, i) => {
    const kept = (['matchExpressions', 'matchFields'] as const).every((list) =>
      (term[list] ?? []).every((each, k) => deepEqual(each, terms[i]?.[list]?.[k])),
    );
    const rule = 'only additions are allowed (no mutations or deletions)';
    return kept ? [] : [invalid(`${field}.nodeSelectorTerms[${i}]`, terms[i] ?? null, rule)];
  });
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

function restIssues(next: PodSpec, previous: PodSpec): Issue[] {
  const [now, before] = [internalPodSpec(unchangingPart(next, previous)), internalPodSpec(previous)];
  if (deepEqual(now, before)) return [];
  const rule = `pod updates may not change fields other than ${updatable}`;
  return [forbiddenField('spec', `${rule}\n${differenceOf(before, now)}`)];
}

/** The next spec with all that may change put back. */
function unchangingPart(next: PodSpec, previous: PodSpec): PodSpec {
  const spec: PodSpec = {
    ...next,
    containers: withImagesOf(next.containers ?? [], previous.containers ?? []),
    ...(next.initContainers && {
      initContainers: withImagesOf(next.initContainers, previous.initContainers ?? []),
    }),
  };
  keep(spec, previous, ['activeDeadlineSeconds', 'tolerations']);
  if (gateIssues(next, previous).length === 0) keep(spec, previous, ['schedulingGates']);
  const { terminationGracePeriodSeconds: grace = 0 } = previous;
  if (grace < 0 && next.terminationGracePeriodSeconds === 1) keep(spec, previous, ['terminationGracePeriodSeconds']);
  if (!isGated(previous)) return spec;
  keep(spec, previous, ['nodeSelector']);
  return withNodeAffinityOf(spec, previous);
}

const withImagesOf = (next: readonly Container[], previous: readonly Container[]): Container[] =>
  next.map((container, i) => {
    const { image: _, ...rest } = container;
    const image = previous[i]?.image;
    return image === undefined ? rest : { ...container, image };
  });

function keep(spec: PodSpec, previous: PodSpec, names: readonly (keyof PodSpec)[]): void {
  for (const name of names) {
    if (previous[name] === undefined) delete spec[name];
    else Object.assign(spec, { [name]: previous[name] });
  }
}

function withNodeAffinityOf(spec: PodSpec, previous: PodSpec): PodSpec {
  const { nodeAffinity: _, ...rest }: Affinity = spec.affinity ?? {};
  const before = previous.affinity?.nodeAffinity;
  const affinity: Affinity = before ? { ...rest, nodeAffinity: before } : rest;
  const none = Object.keys(affinity).length === 0 && !previous.affinity;
  const { affinity: __, ...others } = spec;
  return none ? others : { ...others, affinity };
}
