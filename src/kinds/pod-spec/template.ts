// The template that workloads make pods from: what is wrong with it, and what it warns of.

import { type Issue, forbiddenField } from '../../api/issues.ts';
import { annotationIssues, labelIssues } from '../checks.ts';
import type { PodSpec, PodTemplateSpec } from '../generated/types/core-v1.ts';
import { podAnnotationIssues, profileMatchIssues } from './annotations.ts';
import { validatePodSpec } from './validate.ts';
import { podSpecWarnings } from './warnings.ts';

export interface PodTemplateOptions {
  /** The template as it is stored, on update. */
  readonly previous?: PodTemplateSpec | undefined;
}

/** `field` is where the template stands, as `spec.template`. */
export function validatePodTemplateSpec(
  template: PodTemplateSpec,
  field: string,
  _options: PodTemplateOptions = {},
): Issue[] {
  const meta = template.metadata ?? {};
  const spec: PodSpec = template.spec ?? { containers: [] };
  const issues = [
    ...labelIssues(meta.labels, `${field}.labels`),
    ...annotationIssues(meta.annotations, `${field}.annotations`),
    ...podAnnotationIssues(meta, spec, `${field}.annotations`),
    ...validatePodSpec(spec, `${field}.spec`),
    ...profileMatchIssues(meta, spec, `${field}.spec`),
  ];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const rule = 'ephemeral containers not allowed in pod template';
    issues.push(forbiddenField(`${field}.spec.ephemeralContainers`, rule));
  }
  return issues;
}

/** Texts for Warning headers. `field` is where the template stands, as `spec.template`. */
export function podTemplateWarnings(field: string, template: PodTemplateSpec): string[] {
  return podSpecWarnings({ field, meta: template.metadata, spec: template.spec });
}
