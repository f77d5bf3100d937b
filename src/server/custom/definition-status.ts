// Which of its names a definition gets, and whether it may be served: nobody else in its group may have them.

import { deepEqual } from '../../base/equal.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../../kinds/generated/types/apiextensions-v1.ts';

/** `others`: all definitions, this one may be among them. `now`: the moment of conditions that change. */
export function planDefinitionStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus {
  const rivals = others.filter(
    ({ metadata, spec }) => metadata.name !== definition.metadata.name && spec.group === definition.spec.group,
  );
  const taken = rivals.flatMap(({ status }) => (status?.acceptedNames ? [status.acceptedNames] : []));
  const { names, conflict } = acceptNames(definition, taken);
  const before = definition.status;
  return {
    conditions: conditionsAfter(before?.conditions ?? [], conflict, now),
    acceptedNames: names,
    storedVersions: before?.storedVersions ?? [],
    ...(before?.observedGeneration !== undefined && { observedGeneration: before.observedGeneration }),
  };
}

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

interface Accepted {
  readonly names: CustomResourceDefinitionNames;
  readonly conflict: Conflict | undefined;
}

/** Each name on its own: those that are free are taken even where others are not. */
function acceptNames(
  { spec, status }: CustomResourceDefinition,
  taken: readonly CustomResourceDefinitionNames[],
): Accepted {
  const wanted = spec.names;
  const before = status?.acceptedNames ?? { plural: '', kind: '' };
  const resources = new Set(
    taken.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...(shortNames ?? [])]),
  );
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]));
  const names: CustomResourceDefinitionNames = { ...before };
  let conflict: Conflict | undefined;
  const claim = (
    part: 'plural' | 'singular' | 'kind' | 'listKind',
    inUse: ReadonlySet<string | undefined>,
    reason: string,
  ) => {
    const name = wanted[part] ?? '';
    if (name !== before[part] && inUse.has(name)) conflict = { reason, message: inUseMessage(name) };
    else names[part] = name;
  };
  claim('plural', resources, 'PluralConflict');
  claim('singular', resources, 'SingularConflict');
  const shortConflicts = (wanted.shortNames ?? []).filter(
    (name) => !before.shortNames?.includes(name) && resources.has(name),
  );
  if (shortConflicts.length > 0) {
    const messages = shortConflicts.map(inUseMessage);
    const message = messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`;
    conflict = { reason: 'ShortNamesConflict', message };
  } else if (wanted.shortNames) names.shortNames = wanted.shortNames;
  else delete names.shortNames;
  claim('kind', kinds, 'KindConflict');
  claim('listKind', kinds, 'ListKindConflict');
  if (wanted.categories) names.categories = wanted.categories;
  else delete names.categories;
  return { names, conflict };
}

const inUseMessage = (name: string): string => `${JSON.stringify(name)} is already in use`;

type Condition = CustomResourceDefinitionCondition;

function conditionsAfter(before: readonly Condition[], conflict: Conflict | undefined, now: string): Condition[] {
  const established = before.some(({ type, status }) => type === 'Established' && status === 'True');
  const namesAccepted: Condition = conflict
    ? { type: 'NamesAccepted', status: 'False', ...conflict }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  const servable: Condition =
    conflict && !established
      ? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
      : {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        };
  return [namesAccepted, servable].reduce<Condition[]>((conditions, next) => set(conditions, next, now), [...before]);
}

function set(conditions: Condition[], next: Condition, now: string): Condition[] {
  const i = conditions.findIndex(({ type }) => type === next.type);
  const old = conditions[i];
  const since = old?.status === next.status && old.lastTransitionTime ? old.lastTransitionTime : now;
  const condition = { ...next, lastTransitionTime: since };
  if (!old) return [...conditions, condition];
  return deepEqual(old, condition) ? conditions : conditions.with(i, condition);
}
