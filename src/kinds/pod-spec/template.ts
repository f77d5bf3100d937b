// The template that workloads make pods from: what is wrong with it, and what it warns of.

import { type Issue, forbiddenField } from '../../api/issues.ts';
import { annotationIssues, labelIssues } from '../checks.ts';
import type { PodSpec, PodTemplateSpec } from '../generated/types/core-v1.ts';
import { podAnnotationIssues, profileMatchIssues } from './annotations.ts';
import { validatePodSpec } from './validate.ts';
import { podSpecWarnings } from './warnings.ts';

const noSpec: PodSpec = { containers: [] };

/** `field` is where the template stands, as `spec.template`. */
export function validatePodTemplateSpec(template: PodTemplateSpec, field: string): Issue[] {
  const { metadata: meta = {}, spec = noSpec } = template;
  const issues = [
    ...templateMetadataIssues(template, field),
    ...validatePodSpec(spec, `${field}.spec`),
    ...profileMatchIssues(meta, spec, `${field}.spec`),
  ];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const rule = 'ephemeral containers not allowed in pod template';
    issues.push(forbiddenField(`${field}.spec.ephemeralContainers`, rule));
  }
  return issues;
}

/** Kubernetes looks at it twice in a StatefulSet. */
export const templateMetadataIssues = ({ metadata = {}, spec = noSpec }: PodTemplateSpec, field: string): Issue[] => [
  ...labelIssues(metadata.labels, `${field}.labels`),
  ...annotationIssues(metadata.annotations, `${field}.annotations`),
  ...podAnnotationIssues(metadata, spec, `${field}.annotations`),
];

/** Texts for Warning headers. `field` is where the template stands, as `spec.template`. */
export function podTemplateWarnings(field: string, template: PodTemplateSpec): string[] {
  return podSpecWarnings({ field, meta: template.metadata, spec: template.spec });
}
