// The template that workloads make pods from: what is wrong with it, and what it warns of.

import type { Issue } from '../../api/issues.ts';
import type { PodTemplateSpec } from '../generated/types/core-v1.ts';

export interface PodTemplateOptions {
  /** The template as it is stored, on update: what was allowed once stays allowed. */
  readonly previous?: PodTemplateSpec | undefined;
}

/** `field` is where the template stands, as `spec.template`. */
export function validatePodTemplateSpec(
  _template: PodTemplateSpec,
  _field: string,
  _options: PodTemplateOptions = {},
): Issue[] {
  return [];
}

/** Texts for Warning headers. `field` is where the template stands, as `spec.template`. */
export function podTemplateWarnings(
  _field: string,
  _template: PodTemplateSpec,
  _previous: PodTemplateSpec | undefined,
): string[] {
  return [];
}
