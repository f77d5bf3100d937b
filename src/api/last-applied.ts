// The annotation in which kubectl's client-side apply keeps its last configuration, and what server-side apply by kubectl makes of it.

import { isJsonObject } from '../base/equal.ts';
import { configurationProblem } from './apply-validation.ts';
import { difference, type FieldSet, leaf } from './field-set.ts';
import { goJson } from './go-text.ts';
import type { KubeObject } from './object.ts';
import { changesBetween, fieldsOf } from './object-fields.ts';
import type { ObjectSchema } from './schema.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** All annotations of an object together may not be larger. */
const maxAnnotationBytes = 256 * 1024;

/** The fields of the last configuration in the annotation that the live object still has as they were applied. */
export function keptInAnnotation(live: KubeObject | undefined, schema: ObjectSchema, apiVersion: string): FieldSet {
  const text = live?.metadata.annotations?.[annotation];
  const config = text ? parsed(text) : undefined;
  if (!live || !config || config.apiVersion !== apiVersion || configurationProblem(config, schema)) return leaf;
  const { touched, removed } = changesBetween(config, live, schema);
  return difference(difference(fieldsOf(config, schema), touched), removed);
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The object, whose annotation kubectl's server-side apply keeps up to date where there is one. */
export function withLastApplied(
  object: KubeObject,
  { manager, config }: { readonly manager: string; readonly config: KubeObject },
): KubeObject {
  if (manager !== 'kubectl' || !object.metadata.annotations?.[annotation]) return object;
  const { [annotation]: _, ...annotations } = object.metadata.annotations;
  const text = configurationText(config);
  const bytes = Object.entries({ ...annotations, [annotation]: text }).reduce(
    (n, [k, v]) => n + k.length + v.length,
    0,
  );
  const kept = bytes > maxAnnotationBytes ? annotations : { ...annotations, [annotation]: text };
  return { ...object, metadata: { ...object.metadata, annotations: kept } };
}

/** The configuration as the annotation has it: in Go's JSON, without itself. */
function configurationText(config: KubeObject): string {
  const { annotations, ...metadata } = config.metadata;
  if (!annotations) return `${goJson(config)}\n`;
  const { [annotation]: _, ...others } = annotations;
  return `${goJson({ ...config, metadata: { ...metadata, annotations: others } })}\n`;
}
