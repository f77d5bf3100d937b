// pods/resize: what a pod's containers ask for and may use, changed while they run.

import { type Issue, forbiddenField, invalid } from '../../../api/issues.ts';
import { deepEqual } from '../../../base/equal.ts';
import type { Container, Pod, ResourceRequirements } from '../../generated/types/core-v1.ts';
import { mirrorAnnotation } from '../../pod-spec/annotations.ts';
import { onlyWith } from './changes.ts';
import { qosClassOf } from './qos.ts';
import { podContentIssues } from './validate.ts';

/** Nothing but resources and how to resize them is taken over; containers are matched by name. */
export function keepAllButResources(draft: Pod, previous: Pod): void {
  const { containers, initContainers, resources } = draft.spec;
  onlyWith(draft, previous, {
    containers: resized(previous.spec.containers ?? [], containers ?? []),
    ...(previous.spec.initContainers && {
      initContainers: resized(previous.spec.initContainers, initContainers ?? []),
    }),
    ...(resources && { resources }),
  });
}

const resized = (previous: readonly Container[], wanted: readonly Container[]): Container[] =>
  previous.map((before) => {
    const found = wanted.find(({ name }) => name === before.name);
    if (!found) return before;
    const { resources: _, resizePolicy: __, ...rest } = before;
    const { resources, resizePolicy } = found;
    return { ...rest, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) };
  });

export function podResizeIssues(next: Pod, previous: Pod): Issue[] {
  const refused = (rule: string) => [forbiddenField('[]', rule)];
  if (previous.metadata.annotations?.[mirrorAnnotation] !== undefined) return refused('static pods cannot be resized');
  if (previous.spec.os?.name === 'windows') return refused('windows pods cannot be resized');
  return [
    ...podContentIssues(next),
    ...qualityIssues(next, previous),
    ...supportIssues(previous),
    ...wholePodIssues(next.spec.resources, previous.spec.resources),
    ...listIssues('spec.initContainers', next.spec.initContainers, previous.spec.initContainers),
    ...listIssues('spec.containers', next.spec.containers, previous.spec.containers),
    ...otherResourceIssues(next, previous),
  ];
}

function qualityIssues(next: Pod, previous: Pod): Issue[] {
  if (qosClassOf(next.spec) === (previous.status?.qosClass ?? qosClassOf(previous.spec))) return [];
  return [invalid('spec', next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing')];
}

/** A node that resizes says what its running containers have. */
function supportIssues({ status }: Pod): Issue[] {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running);
  if (!running || running.resources) return [];
  return [forbiddenField('spec', 'Pod running on node without support for resize')];
}

/** What the pod altogether asks for. */
function wholePodIssues(next: ResourceRequirements | undefined, previous: ResourceRequirements | undefined): Issue[] {
  if (previous && !next) return [forbiddenField('spec.resources', 'pod-level resources cannot be removed')];
  const issues = removalIssues('spec.resources', next, previous, 'pod-level resource');
  return deepEqual(withoutResizable(next), withoutResizable(previous))
    ? issues
    : [...issues, forbiddenField('spec', 'only cpu and memory resources are mutable at pod-level')];
}

const listIssues = (field: string, next: readonly Container[] = [], previous: readonly Container[] = []): Issue[] =>
  previous.flatMap(({ resources }, i) =>
    removalIssues(`${field}[${i}].resources`, next[i]?.resources, resources, 'resource'),
  );

/** What was asked for, or limited, stays so in some amount. */
const removalIssues = (
  field: string,
  next: ResourceRequirements | undefined,
  previous: ResourceRequirements | undefined,
  what: string,
): Issue[] =>
  (['requests', 'limits'] as const).flatMap((which) => {
    const removed = Object.keys(previous?.[which] ?? {}).some((name) => next?.[which]?.[name] === undefined);
    return removed ? [forbiddenField(`${field}.${which}`, `${what} ${which} cannot be removed`)] : [];
  });

function otherResourceIssues(next: Pod, previous: Pod): Issue[] {
  const rule = 'only cpu and memory resources are mutable';
  const issues = (previous.spec.containers ?? []).flatMap((before, i) =>
    isResizedOnly(next.spec.containers?.[i], before) ? [] : [forbiddenField('spec', rule)],
  );
  (previous.spec.initContainers ?? []).forEach((before, i) => {
    const now = next.spec.initContainers?.[i];
    const place = `spec.initContainers[${i}]`;
    if (!isResizedOnly(now, before)) {
      const initRule = 'only cpu and memory resources for init or sidecar containers are mutable';
      issues.push(forbiddenField(place, initRule));
    }
    const restarts = now?.resizePolicy?.filter(({ restartPolicy }) => restartPolicy === 'RestartContainer') ?? [];
    if (before.restartPolicy === 'Always' || deepEqual(now, before)) return;
    const restartRule = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
    issues.push(...restarts.map(() => forbiddenField(place, restartRule)));
  });
  return issues;
}

/** Whether nothing but processors and memory differs. Containers with claims are not resized at all. */
const isResizedOnly = (next: Container | undefined, previous: Container): boolean =>
  (previous.resources?.claims ?? []).length === 0 &&
  deepEqual(next?.resizePolicy, previous.resizePolicy) &&
  deepEqual(withoutResizable(next?.resources), withoutResizable(previous.resources));

function withoutResizable({ requests = {}, limits = {}, claims = [] }: ResourceRequirements = {}): unknown {
  const others = (amounts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(amounts).filter(([name]) => name !== 'cpu' && name !== 'memory'));
  return { claims, requests: others(requests), limits: others(limits) };
}
