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

/** What was asked for, or limited, stays so in some amount. */
function listIssues(field: string, next: readonly Container[] = [], previous: readonly Container[] = []): Issue[] {
  return previous.flatMap(({ resources }, i) =>
    (['requests', 'limits'] as const).flatMap((which) => {
      const now = next[i]?.resources?.[which] ?? {};
      const removed = Object.keys(resources?.[which] ?? {}).some((name) => now[name] === undefined);
      const rule = `resource ${which} cannot be removed`;
      return removed ? [forbiddenField(`${field}[${i}].resources.${which}`, rule)] : [];
    }),
  );
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

function otherResourceIssues(next: Pod, previous: Pod): Issue[] {
  const changed = (list: 'containers' | 'initContainers', isFixed: (container: Container) => boolean) =>
    (previous.spec[list] ?? []).filter((before, i) => {
      const now = next.spec[list]?.[i]?.resources;
      if (isFixed(before)) return !deepEqual(now, before.resources);
      return !deepEqual(withoutResizable(now), withoutResizable(before.resources));
    });
  const rules = [
    ...changed('containers', () => false).map(() => 'only cpu and memory resources are mutable'),
    ...changed('initContainers', (each) => !isSidecar(each)).map((each) =>
      isSidecar(each)
        ? 'only cpu and memory resources for sidecar containers are mutable'
        : 'resources for non-sidecar init containers are immutable',
    ),
  ];
  return rules.map((rule) => forbiddenField('spec', rule));
}

function withoutResizable({ requests = {}, limits = {}, ...rest }: ResourceRequirements = {}): unknown {
  const others = (amounts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(amounts).filter(([name]) => name !== 'cpu' && name !== 'memory'));
  return { ...rest, requests: others(requests), limits: others(limits) };
}
