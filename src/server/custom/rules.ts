// Whether a definition asks for more than is modelled: validation rules in CEL.

import type { CustomResourceDefinition } from '../../kinds/generated/types/apiextensions-v1.ts';
import { type JsonSchema, additionalOf, itemsOf } from '../../kinds/apiextensions/structural.ts';

/** Whether a schema of the definition has x-kubernetes-validations, which are kept and not evaluated. */
export const hasValidationRules = ({ spec }: Pick<CustomResourceDefinition, 'spec'>): boolean =>
  spec.versions.some(({ schema }) => rulesIn(schema?.openAPIV3Schema));

function rulesIn(schema: JsonSchema | undefined): boolean {
  if (!schema) return false;
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) return true;
  return [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})].some(rulesIn);
}
