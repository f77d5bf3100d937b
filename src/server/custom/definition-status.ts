// Which of its names a definition gets, and whether it may be served: nobody else in its group may have them.

import type { Instant } from '../../base/clock.ts';
import { deepEqual } from '../../base/equal.ts';
import { formatTime, parseTime } from '../../base/time.ts';
import { approvalOf } from '../../kinds/apiextensions/approval.ts';
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
  const group = others.filter(({ spec }) => spec.group === definition.spec.group);
  const taken = group.flatMap(({ status }) => (status?.acceptedNames ? [status.acceptedNames] : []));
  const { names, conflict } = acceptNames(definition, taken);
  const before = definition.status;
  return {
    conditions: conditionsAfter(withApproval(definition, now), conflict, now),
    acceptedNames: names,
    storedVersions: before?.storedVersions ?? [],
    ...(before?.observedGeneration !== undefined && { observedGeneration: before.observedGeneration }),
  };
}

/** Beyond this, in milliseconds, it is no longer expected that the objects go by themselves. */
const patience = 60_000;

/** The status of a definition whose objects are being removed, and of one that has none any more. */
export function planDeletionStatus(
  { metadata, status }: CustomResourceDefinition,
  objects: 'going' | 'gone',
  now: Instant,
): CustomResourceDefinitionStatus {
  const conditions = status?.conditions ?? [];
  const established = conditions.some(({ type, status: is }) => type === 'Established' && is === 'True');
  const waited = now - (parseTime(metadata.deletionTimestamp ?? '') ?? now);
  const [reason, message] =
    objects === 'going' ? (waited > patience ? late : inProgress) : established ? completed : neverEstablished;
  const terminating: Condition = {
    type: 'Terminating',
    status: objects === 'going' ? 'True' : 'False',
    reason,
    message,
  };
  return {
    ...status,
    conditions: set([...conditions], terminating, formatTime(now)),
  } as CustomResourceDefinitionStatus;
}

const inProgress = ['InstanceDeletionInProgress', 'CustomResource deletion is in progress'] as const;
const completed = ['InstanceDeletionCompleted', 'removed all instances'] as const;
const neverEstablished = ['NeverEstablished', 'resource was never established'] as const;
const late = [
  'InstanceDeletionCheck',
  'could not confirm zero CustomResources remaining: timed out waiting for the condition',
] as const;

/** The conditions so far, with what became of the approval that groups of the project itself need. */
function withApproval({ metadata, spec, status }: CustomResourceDefinition, now: string): readonly Condition[] {
  const conditions = status?.conditions ?? [];
  const approval = approvalOf(spec.group, metadata.annotations ?? {});
  if (!approval) return conditions;
  const { approved, reason, message } = approval;
  const type = 'KubernetesAPIApprovalPolicyConformant';
  return set([...conditions], { type, status: approved ? 'True' : 'False', reason, message }, now);
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
