// Who owns which field (metadata.managedFields) after a create, an update, or a patch that is no apply.
//
// `managedAfterUpdate` is called with the object as decoded and defaulted, before its kind prepares it. Whoever changes a field owns it
// alone from then on; what is gone nobody owns. Entries are kept as they are stored: their fieldsV1 is the set (field-set.ts).

import { deepEqual } from '../base/equal.ts';
import { formatTime } from '../base/time.ts';
import type { Instant } from '../base/clock.ts';
import { decodeFieldSet, difference, type FieldSet, isEmpty, leaf, recursiveDifference, union } from './field-set.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import { blankOf, type Changes, changesBetween, IndistinctEntries } from './object-fields.ts';
import { reconciled } from './schema-changes.ts';
import type { ObjectSchema } from './schema.ts';

/** What every write says about itself. */
export interface Write {
  /** The object as it is stored; undefined when the write creates it. */
  readonly live: KubeObject | undefined;
  readonly schema: ObjectSchema;
  /** The version the client wrote in. */
  readonly apiVersion: string;
  /** Empty counts as `unknown`. */
  readonly manager: string;
  readonly subresource?: string;
  readonly now: Instant;
  /** Fields (`status`, `spec.nodeName`) that a write through this path never owns. */
  readonly resetFields?: readonly string[];
  /**
   * An object in another version, for entries written in it; undefined when that version is no longer served, whereupon its entries go.
   * Without this function all versions are taken to have the same fields.
   */
  readonly inVersion?: (object: KubeObject, apiVersion: string) => VersionedObject | undefined;
}

export interface VersionedObject {
  readonly object: KubeObject;
  readonly schema: ObjectSchema;
}

export interface UpdateWrite extends Write {
  /** Its metadata.managedFields is what the client sent. */
  readonly next: KubeObject;
}

/** The entry of one manager, for one operation, version and subresource. */
export interface Owner extends ManagedFieldsEntry {
  readonly fieldsV1: FieldSet;
}

const maxUpdateOwners = 10;

/** The entries to store with the object; undefined for none. The very entries of the live object when nothing changes. */
export function managedAfterUpdate(write: UpdateWrite): ManagedFieldsEntry[] | undefined {
  const live = write.live?.metadata.managedFields as readonly Owner[] | undefined;
  const owners = ownersBefore(write, live);
  if (owners.length === 0 && write.live) return undefined;
  const next = ownersIfDistinct(write, owners);
  if (!next) return live as Owner[] | undefined;
  if (next === live) return live as Owner[];
  return next.length > 0 ? next.toSorted(byAge) : undefined;
}

/** Undefined where entries of a list cannot be told apart. */
function ownersIfDistinct(write: UpdateWrite, owners: readonly Owner[]): readonly Owner[] | undefined {
  try {
    return ownersAfterUpdate(write, owners);
  } catch (error) {
    if (error instanceof IndistinctEntries) return undefined;
    throw error;
  }
}

/** What the client sent, unless that is nothing or nonsense (clients that do not know of managed fields must not lose them). */
function ownersBefore({ next, subresource }: UpdateWrite, live: readonly Owner[] = []): readonly Owner[] {
  const sent = next.metadata.managedFields;
  if (subresource || !sent || sent.length === 0 || (sent as readonly unknown[]) === live) return live;
  if (isReset(sent)) return [];
  if (deepEqual(sent, live)) return live;
  const decoded = decodeOwners(sent);
  return Array.isArray(decoded) && decoded.length > 0 ? decoded : live;
}

/** A single empty entry is how a client strips all managed fields. */
const isReset = (sent: readonly ManagedFieldsEntry[]): boolean =>
  sent.length === 1 && isEmpty(sent[0] as unknown as FieldSet);

/** The owners after a write that changes the live object into the next; the same array when nothing changes. */
export function ownersAfterUpdate(write: UpdateWrite, owners: readonly Owner[]): readonly Owner[] {
  const changes = changesFrom(write, write.next);
  const before = adapted(owners, write);
  const others = withoutChanged(before, changes);
  const { touched = leaf, removed = leaf } = changes(write.apiVersion) ?? {};
  if (isEmpty(touched)) return others;
  const writer = identityOf(write, 'Update');
  const previous = before.find((owner) => sameOwner(owner, writer));
  const fieldsV1 = previous ? union(difference(previous.fieldsV1, removed), touched) : touched;
  const rest = others.filter((owner) => !sameOwner(owner, writer));
  return capped([...rest, entryOf(writer, fieldsV1, formatTime(write.now))]);
}

/** What changes between the live object and the next, by the version it is looked at in; undefined for versions no longer served. */
export type ChangesIn = (apiVersion: string) => Changes | undefined;

export function changesFrom(write: Write, next: KubeObject): ChangesIn {
  const known = new Map<string, Changes | undefined>();
  const find = (apiVersion: string): Changes | undefined => {
    if (apiVersion === write.apiVersion || !write.inVersion) {
      return changesBetween(write.live ?? blankOf(write.schema), next, write.schema);
    }
    const after = write.inVersion(next, apiVersion);
    if (!after) return undefined;
    const before = write.live ? write.inVersion(write.live, apiVersion)?.object : undefined;
    return changesBetween(before ?? blankOf(after.schema), after.object, after.schema);
  };
  return (asked) => {
    const apiVersion = write.inVersion ? asked : write.apiVersion;
    if (!known.has(apiVersion)) known.set(apiVersion, withoutReset(find(apiVersion), write.resetFields));
    return known.get(apiVersion);
  };
}

function withoutReset(changes: Changes | undefined, resetFields: readonly string[] | undefined): Changes | undefined {
  if (!changes || !resetFields) return changes;
  const reset = fieldSetOf(resetFields);
  return {
    touched: recursiveDifference(changes.touched, reset),
    removed: recursiveDifference(changes.removed, reset),
  };
}

const fieldSets = new WeakMap<readonly string[], FieldSet>();

/** The set of fields given by dotted paths. */
export function fieldSetOf(paths: readonly string[]): FieldSet {
  let set = fieldSets.get(paths);
  if (!set) {
    set = paths.map((path) => pathSet(path.split('.'))).reduce(union, leaf);
    fieldSets.set(paths, set);
  }
  return set;
}

const pathSet = (path: readonly string[]): FieldSet =>
  path.reduceRight<FieldSet>((below, name) => ({ [`f:${name}`]: below }), leaf);

/** The owners without what somebody else has changed or removed; those left with nothing go. */
export function withoutChanged(owners: readonly Owner[], changes: ChangesIn): readonly Owner[] {
  let altered = false;
  const left: Owner[] = [];
  for (const owner of owners) {
    const found = changes(owner.apiVersion ?? '');
    const fieldsV1 = found && difference(difference(owner.fieldsV1, found.touched), found.removed);
    if (fieldsV1 === owner.fieldsV1 && !isEmpty(fieldsV1)) {
      left.push(owner);
      continue;
    }
    altered = true;
    if (fieldsV1 && !isEmpty(fieldsV1)) left.push({ ...owner, fieldsV1 });
  }
  return altered ? left : owners;
}

/** What tells the entry of a write from others. */
export type Identity = Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

export const identityOf = ({ manager, apiVersion, subresource }: Write, operation: 'Apply' | 'Update'): Identity => ({
  manager: manager || 'unknown',
  operation,
  apiVersion,
  ...(subresource && { subresource }),
});

/** Appliers have one entry, whatever version they last applied in. */
export const sameOwner = (a: Identity, b: Identity): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  (a.subresource ?? '') === (b.subresource ?? '') &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** An entry with its fields in the order Go writes them. */
export function entryOf(identity: Identity, fieldsV1: FieldSet, time: string | undefined): Owner {
  const { manager, operation, apiVersion, subresource } = identity;
  return {
    ...(manager !== undefined && { manager }),
    ...(operation && { operation }),
    ...(apiVersion !== undefined && { apiVersion }),
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(subresource && { subresource }),
  };
}

/** Upstream's order of entries: appliers first, then by the second they wrote in, and by name. */
export function byAge(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time?.slice(0, 19), b.time?.slice(0, 19)) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

const compareText = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

/** Merges the oldest updaters of each version into one entry while there are too many. */
function capped(owners: readonly Owner[]): readonly Owner[] {
  const updaters = owners.filter(({ operation }) => operation === 'Update').sort(byAge);
  let excess = updaters.length - maxUpdateOwners;
  if (excess <= 0) return owners;
  const left = new Set(owners);
  const ancient = new Map<string, Owner>();
  for (const owner of updaters) {
    if (excess <= 0) break;
    const version = owner.apiVersion ?? '';
    const older = ancient.get(version);
    const bucket: Identity = { manager: 'ancient-changes', operation: 'Update', apiVersion: version };
    const merged = older ? entryOf(bucket, union(owner.fieldsV1, older.fieldsV1), owner.time) : owner;
    ancient.set(version, merged);
    if (!older) continue;
    left.delete(older);
    left.delete(owner);
    left.add(merged);
    excess--;
  }
  return [...left];
}

/** Reads entries that a client sent, or says what is wrong with them. The last of several for one owner counts. */
export function decodeOwners(entries: readonly ManagedFieldsEntry[]): readonly Owner[] | string {
  const owners: Owner[] = [];
  for (const [i, entry] of entries.entries()) {
    const problem = entryProblem(entry, i);
    if (problem) return problem;
    const fieldsV1 = decodeFieldSet(entry.fieldsV1 ?? {});
    if (!fieldsV1) return `error decoding versioned set from ${identifier(entry)}`;
    const same = owners.findIndex((owner) => sameOwner(owner, entry));
    if (same >= 0) owners.splice(same, 1);
    owners.push(entryOf(entry, fieldsV1, entry.time));
  }
  return owners;
}

function entryProblem({ operation, apiVersion, fieldsType }: ManagedFieldsEntry, index: number): string | undefined {
  if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`';
  if (!apiVersion) return 'apiVersion must not be empty';
  if (!fieldsType) return `missing fieldsType in managed fields entry ${index}`;
  if (fieldsType !== 'FieldsV1') return `invalid fieldsType "${String(fieldsType)}" in managed fields entry ${index}`;
  return undefined;
}

/** Upstream's name for an owner inside messages; owners are listed in the order of these. */
export function identifier({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  return JSON.stringify({
    ...(manager && { manager }),
    ...(operation && { operation }),
    ...(operation !== 'Apply' && apiVersion && { apiVersion }),
    ...(subresource && { subresource }),
  });
}

/** Entries adapted to a schema that has changed since they were written; only those of custom resources can. */
export function adapted(owners: readonly Owner[], write: Write): readonly Owner[] {
  if (write.schema.name !== undefined) return owners;
  const after = owners.map((owner) => {
    const fieldsV1 = reconciled(owner.fieldsV1, write.schema);
    return fieldsV1 === owner.fieldsV1 ? owner : { ...owner, fieldsV1 };
  });
  return after.every((owner, i) => owner === owners[i]) ? owners : after;
}
