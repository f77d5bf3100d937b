// Which objects a list, watch or deletecollection is about: namespace, label selector, field selector.

import { type FieldRequirement, parseFieldSelector, parseSelector, type Selector } from '../base/selectors.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { badRequest } from '../api/status.ts';
import { behaviourOf } from './draft.ts';

export interface Selection {
  /** Empty: all. */
  readonly namespace: string;
  /** Whether any selector narrows it. */
  readonly narrowed: boolean;
  /** When a field selector says so: the one name it is about. */
  readonly name: string | undefined;
  /** Whether labels or fields narrow it that may differ from version to version. */
  readonly byContent: boolean;
  /** By namespace and name alone, which all versions of an object have alike. */
  isPlaced(object: KubeObject): boolean;
  matches(object: KubeObject): boolean;
}

/** The same selection before anybody looks at what differs from version to version. */
export const placeOf = (selection: Selection): Selection => ({ ...selection, matches: selection.isPlaced });

export function selectionOf(kind: Kind, namespace: string, name: string, query: URLSearchParams): Selection {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const selector: Selector | undefined = labels === '' ? undefined : parsed(() => parseSelector(labels));
  const requirements = fields === '' ? [] : parsed(() => parseFieldSelector(fields)).map((each) => checked(kind, each));
  if (name !== '' && requirements.some((each) => each.field === 'metadata.name' && !meets(each, name)))
    throw badRequest(`fieldSelector metadata.name doesn't match requested name`);
  const wanted = name || requirements.find((each) => each.field === 'metadata.name' && each.operator === '=')?.value;
  const meet = (object: KubeObject) => (each: FieldRequirement) => meets(each, fieldOf(kind, object, each.field));
  const isHere = ({ metadata }: KubeObject) =>
    (namespace === '' || metadata.namespace === namespace) && (name === '' || metadata.name === name);
  const placing = requirements.filter(({ field }) => isPlace(field));
  return {
    namespace,
    narrowed: selector !== undefined || requirements.length > 0,
    name: wanted,
    byContent: selector !== undefined || placing.length < requirements.length,
    isPlaced: (object) => isHere(object) && placing.every(meet(object)),
    matches: (object) =>
      isHere(object) &&
      (selector === undefined || selector.matches(object.metadata.labels)) &&
      requirements.every(meet(object)),
  };
}

const isPlace = (field: string): boolean => field === 'metadata.name' || field === 'metadata.namespace';

const meets = ({ operator, value }: FieldRequirement, actual: string): boolean =>
  (actual === value) === (operator === '=');

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

function checked(kind: Kind, requirement: FieldRequirement): FieldRequirement {
  const { field } = requirement;
  if (isPlace(field)) return requirement;
  if (behaviourOf(kind).selectableFields?.[field]) return requirement;
  throw badRequest(unknownField(kind, field));
}

/** Kinds with fields of their own say less. */
const unknownField = (kind: Kind, field: string): string =>
  kind.custom || behaviourOf(kind).selectableFields
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;

function fieldOf(kind: Kind, object: KubeObject, field: string): string {
  if (field === 'metadata.name') return object.metadata.name ?? '';
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return behaviourOf(kind).selectableFields?.[field]?.(object) ?? '';
}
