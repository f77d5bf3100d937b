// An object with a configuration applied to it, as policies do: merged by the schema, without owners. What is one thing by the schema
// (an atomic list, a selector) may not be applied, since all that is not repeated would go.

import { isJsonObject } from '../../../base/equal.ts';
import { configurationProblem } from '../../../api/apply-validation.ts';
import { merged } from '../../../api/merge-configuration.ts';
import { childSchema, isDeclared } from '../../../api/object-fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ObjectSchema, Schema } from '../../../api/schema.ts';
import { MutationError } from './patch-values.ts';

/** @throws MutationError when the configuration does not fit the schema or holds something atomic */
export function withConfiguration(object: KubeObject, configuration: object, schema: ObjectSchema): unknown {
  const { apiVersion, kind } = object;
  const config = { ...configuration, apiVersion, kind };
  const problem = configurationProblem(config, schema);
  if (problem)
    throw new MutationError(`error applying patch: failed to convert patch object to typed object: ${problem}`);
  const atomic = atomicPlaces(config, schema, '');
  if (atomic.length === 0) return merged(object, config, schema);
  const rule = 'may not mutate atomic arrays, maps or structs';
  throw new MutationError(`error applying patch: invalid ApplyConfiguration: ${rule}: ${atomic.join(', ')}`);
}

/** Where something atomic stands. Keys of maps are not followed. */
function atomicPlaces(value: unknown, schema: Schema, place: string): readonly string[] {
  if (Array.isArray(value)) {
    const items = schema.type === 'list' ? schema.items : schema;
    const own = schema.type === 'any' || (schema.type === 'list' && schema.listType === 'atomic') ? [place] : [];
    if (schema.type !== 'list' && schema.type !== 'any') return [];
    return [...own, ...value.flatMap((item, i) => atomicPlaces(item, items, `${place}[${i}]`))];
  }
  if (!isJsonObject(value)) return [];
  const below = Object.entries(value).flatMap(([name, child]) =>
    isDeclared(schema, name) ? atomicPlaces(child, childSchema(schema, name), `${place}.${name}`) : [],
  );
  return isAtomic(schema) ? [place, ...below] : below;
}

function isAtomic(schema: Schema): boolean {
  if (schema.type === 'any') return !schema.deduced;
  return (schema.type === 'object' || schema.type === 'map') && schema.atomic;
}
