// What is wrong with a pod.

import { type Issue, forbiddenField } from '../../../api/issues.ts';
import type { Pod, PodSpec } from '../../generated/types/core-v1.ts';
import { podAnnotationIssues, profileMatchIssues } from '../../pod-spec/annotations.ts';
import { paddedImageIssues } from '../../pod-spec/containers.ts';
import { validatePodSpec } from '../../pod-spec/validate.ts';

export function podIssues(pod: Pod): Issue[] {
  const issues = podContentIssues(pod);
  if ((pod.spec.ephemeralContainers ?? []).length > 0) {
    issues.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length > 0) {
    issues.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return [...issues, ...profileMatchIssues(pod.metadata, pod.spec, 'spec')];
}

/** What holds for new and for changed pods. */
export function podContentIssues({ metadata, spec }: Pod): Issue[] {
  return [
    ...podAnnotationIssues(metadata, spec, 'metadata.annotations'),
    ...validatePodSpec(spec, 'spec', metadata),
    ...anonymousTokenIssues(spec),
    ...paddedImageIssues(spec.containers ?? [], 'spec.containers'),
    ...paddedImageIssues(spec.initContainers ?? [], 'spec.initContainers'),
  ];
}

/** Nobody has no token. */
function anonymousTokenIssues({ serviceAccountName, volumes = [] }: PodSpec): Issue[] {
  if (serviceAccountName) return [];
  const rule = 'must not be specified when serviceAccountName is not set';
  return volumes.flatMap(({ projected }, i) =>
    (projected?.sources ?? []).flatMap((source, j) =>
      source.serviceAccountToken
        ? [forbiddenField(`spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`, rule)]
        : [],
    ),
  );
}
