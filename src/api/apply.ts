// Server-side apply: a configuration merged into the live object by its manager, who owns what it applies and lets go what it does not.
//
// Two plain functions serve the write path:
//   managedAfterUpdate(…)   managed-fields.ts: for creates, updates and all other patches
//   applyConfiguration(…)   here. Default its `object`, hand the result to `managedAfter` for the managedFields to store, then go on as for
//                           any other write. `config` is what the client sent and nothing else (no namespace added, no defaults).

import { deepEqual } from '../base/equal.ts';
import { formatTime } from '../base/time.ts';
import { configurationProblem } from './apply-validation.ts';
import {
  difference,
  eachField,
  type FieldSet,
  intersection,
  isEmpty,
  leaf,
  pathText,
  recursiveDifference,
  union,
} from './field-set.ts';
import { keptInAnnotation, withLastApplied } from './last-applied.ts';
import {
  adapted,
  byAge,
  changesFrom,
  entryOf,
  fieldSetOf,
  identifier,
  identityOf,
  type Owner,
  ownersAfterUpdate,
  sameOwner,
  withoutChanged,
  type Write,
} from './managed-fields.ts';
import { merged, pruned } from './merge-configuration.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import { blankOf, fieldsOf } from './object-fields.ts';
import { ApiError, type ResourceName } from './status.ts';

export { managedAfterUpdate } from './managed-fields.ts';

export interface ApplyWrite extends Write {
  /** What the client applies, undefaulted. */
  readonly config: KubeObject;
  /** Takes over fields of others instead of refusing. */
  readonly force: boolean;
  readonly resource: ResourceName;
}

export interface Applied {
  /** The configuration merged into the live object, not yet defaulted; without managedFields. */
  readonly object: KubeObject;
  /** The entries to store with it; the live object's own when the defaulted object is just like it. */
  managedAfter(defaulted: KubeObject): ManagedFieldsEntry[] | undefined;
}

/** Throws a Conflict when others own what the configuration would change, and 500 without a reason when it does not fit the schema. */
export function applyConfiguration(write: ApplyWrite): Applied {
  requireFit(write);
  const before = adapted(ownersBefore(write), write);
  const outcome = resolved(write, before);
  const object = withLastApplied(outcome.object, write);
  return { object, managedAfter: (defaulted) => entriesAfter(write, outcome.owners, defaulted) };
}

function requireFit({ config, schema }: ApplyWrite): void {
  const problem = configurationProblem(config, schema);
  if (!problem) return;
  throw new ApiError(500, '', `failed to create typed patch object (${describe(config)}): ${problem}`);
}

/** What is applied must be expressible in every version that others applied in. */
function requireFitIn({ apiVersion, inVersion }: ApplyWrite, object: KubeObject, other: string): void {
  const versioned = other === apiVersion ? undefined : inVersion?.(object, other);
  const problem = versioned && configurationProblem(versioned.object, versioned.schema);
  if (problem) throw new ApiError(500, '', `failed to convert new object: ${problem}`);
}

/** `namespace/name; group/version, Kind=kind`. */
export function describe({ apiVersion = '', kind, metadata }: KubeObject): string {
  const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${version}, Kind=${kind}`;
}

/** An object that nobody is known to own is owned, as it is, by "before-first-apply". */
function ownersBefore(write: ApplyWrite): readonly Owner[] {
  const { live } = write;
  const owners = (live?.metadata.managedFields ?? []) as readonly Owner[];
  if (owners.length > 0 || !live) return owners;
  const first = { ...write, live: blankOf(write.schema) as unknown as KubeObject, next: live };
  return ownersAfterUpdate({ ...first, manager: 'before-first-apply' }, []);
}

interface Outcome {
  readonly object: KubeObject;
  readonly owners: readonly Owner[];
}

/** kubectl's own apply takes over from its client-side apply, whose last configuration the object carries, without being forced. */
function resolved(write: ApplyWrite, before: readonly Owner[]): Outcome {
  const plan = planApply(write, before);
  if (write.force || plan.conflicts.length === 0) return plan;
  const kept = write.manager === 'kubectl' ? keptInAnnotation(write.live, write.schema, write.apiVersion) : leaf;
  const conflicts = plan.conflicts
    .map(({ owner, fields }) => ({ owner, fields: difference(fields, kept) }))
    .filter(({ fields }) => !isEmpty(fields));
  if (conflicts.length > 0) throw conflictError(conflicts);
  return plan;
}

interface Conflict {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

interface Plan extends Outcome {
  readonly conflicts: readonly Conflict[];
}

/** What the apply makes of object and owners, and whose fields it would change thereby. */
function planApply(write: ApplyWrite, before: readonly Owner[]): Plan {
  const { config, schema, resetFields } = write;
  const applier = identityOf(write, 'Apply');
  const previous = before.find((owner) => sameOwner(owner, applier));
  const others = before.filter((owner) => owner !== previous);
  const all = fieldsOf(config, schema);
  const fields = resetFields ? recursiveDifference(all, fieldSetOf(resetFields)) : all;

  const { managedFields: _, ...metadata } = write.live?.metadata ?? {};
  const live = (write.live ? { ...write.live, metadata } : blankOf(schema)) as unknown as KubeObject;
  const object = pruned({
    merged: merged(live, config, schema) as object,
    schema,
    last: previous?.fieldsV1 ?? leaf,
    owned: others.reduce((set, owner) => union(set, owner.fieldsV1), fields),
    fieldsOf: (each) => fieldsOf(each, schema),
  }) as KubeObject;

  for (const { apiVersion = '' } of others) requireFitIn(write, object, apiVersion);
  const changes = changesFrom(write, object);
  const time = deepEqual(live, object) ? previous?.time : formatTime(write.now);
  const own = isEmpty(fields) ? [] : [entryOf(applier, fields, time)];
  return { object, owners: [...withoutChanged(others, changes), ...own], conflicts: conflictsOf(others, changes) };
}

function conflictsOf(others: readonly Owner[], changes: ReturnType<typeof changesFrom>): readonly Conflict[] {
  return others
    .map((owner) => {
      const touched = changes(owner.apiVersion ?? '')?.touched ?? leaf;
      return { owner, fields: intersection(owner.fieldsV1, touched) };
    })
    .filter(({ fields }) => !isEmpty(fields))
    .sort((a, b) => (identifier(a.owner) < identifier(b.owner) ? -1 : 1));
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const groups = conflicts.map(({ owner, fields }) => ({ owner: ownerText(owner), paths: pathsOf(fields) }));
  const causes = groups.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  const [first] = causes;
  const text =
    causes.length === 1
      ? `1 conflict: ${first?.message}: ${first?.field}`
      : `${causes.length} conflicts: ${groups.map(groupText).join('\n')}`;
  return new ApiError(409, 'Conflict', `Apply failed with ${text}`, { causes });
}

const groupText = ({ owner, paths }: { readonly owner: string; readonly paths: readonly string[] }): string =>
  [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)].join('\n');

function pathsOf(set: FieldSet): readonly string[] {
  const paths: string[] = [];
  eachField(set, (path) => paths.push(pathText(path)));
  return paths;
}

function ownerText({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = JSON.stringify(manager ?? '') + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

/** An apply that changes nothing but times leaves the times, too. Admission comes later: see `differInTimesOnly`. */
function entriesAfter(
  { live }: Write,
  owners: readonly Owner[],
  defaulted: KubeObject,
): ManagedFieldsEntry[] | undefined {
  const entries = owners.toSorted(byAge);
  const before = live?.metadata.managedFields;
  if (before && sameButTimes(entries, before) && sameButOwners(defaulted, live)) return before;
  return entries.length > 0 ? entries : undefined;
}

/** Whether two objects differ in when somebody wrote, and in nothing else: a write that comes to this, after admission, is none. */
export function differInTimesOnly(a: KubeObject, b: KubeObject): boolean {
  const [left = [], right = []] = [a.metadata.managedFields, b.metadata.managedFields];
  if (left.length !== right.length || sameTimes(left, right)) return false;
  return sameButTimes(left, right) && sameButOwners(a, b);
}

const sameTimes = (a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean =>
  a.every(({ time }, i) => time === b[i]?.time);

const sameButTimes = (a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean =>
  deepEqual(timeless(a), timeless(b));

function timeless(entries: readonly ManagedFieldsEntry[]): readonly object[] {
  return entries
    .map((entry) => {
      const { time: _, ...rest } = entry;
      return rest;
    })
    .sort((a, b) => (identifier(a) < identifier(b) ? -1 : 1));
}

const sameButOwners = (a: KubeObject, b: KubeObject): boolean => deepEqual(ownerless(a), ownerless(b));

function ownerless({ metadata, ...rest }: KubeObject): object {
  const { managedFields: _, resourceVersion: __, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
