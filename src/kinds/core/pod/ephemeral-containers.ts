// pods/ephemeralcontainers: containers added to a running pod to look into it. They are never changed nor taken away.

import { type Issue, forbiddenField } from '../../../api/issues.ts';
import { semanticEqual } from '../../../base/equal.ts';
import { differenceOf } from '../../diff.ts';
import type { EphemeralContainer, Pod } from '../../generated/types/core-v1.ts';
import { annotationChangeIssues, mirrorAnnotation, podAnnotationIssues } from '../../pod-spec/annotations.ts';
import { internalEphemeralContainer } from '../../pod-spec/internal-form.ts';
import { onlyWith } from './changes.ts';
import { podContentIssues } from './validate.ts';

export function keepAllButEphemeralContainers(draft: Pod, previous: Pod): void {
  const { ephemeralContainers } = draft.spec;
  const { ephemeralContainers: _, ...spec } = previous.spec;
  onlyWith(draft, { ...previous, spec }, ephemeralContainers ? { ephemeralContainers } : {});
}

export function ephemeralContainerIssues(next: Pod, previous: Pod): Issue[] {
  if (previous.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbiddenField('[]', 'static pods do not support ephemeral containers')];
  }
  const now = next.spec.ephemeralContainers ?? [];
  const changes = (previous.spec.ephemeralContainers ?? []).flatMap((before) => {
    const rule = changeRule(
      before,
      now.find(({ name }) => name === before.name),
    );
    return rule ? [forbiddenField('spec.ephemeralContainers', rule)] : [];
  });
  return [
    ...podContentIssues(next),
    ...annotationChangeIssues(next.metadata, previous.metadata, 'metadata.annotations'),
    ...podAnnotationIssues(next.metadata, next.spec, 'metadata.annotations'),
    ...changes,
  ];
}

function changeRule(before: EphemeralContainer, now: EphemeralContainer | undefined): string | undefined {
  const name = JSON.stringify(before.name);
  if (!now) return `existing ephemeral containers ${name} may not be removed\n`;
  if (semanticEqual(before, now)) return undefined;
  const difference = differenceOf(internalEphemeralContainer(before), internalEphemeralContainer(now));
  return `existing ephemeral containers ${name} may not be changed\n${difference}`;
}
