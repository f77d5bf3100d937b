// Who owns which field: what every write leaves in metadata.managedFields, and what server-side apply makes of a configuration.
//
// The write path calls two plain functions:
//   managedAfterUpdate(…)   for create, update and the other patches, with the decoded and defaulted object, before the kind prepares it
//   applyConfiguration(…)   for apply patches; its `object` is to be defaulted, then validated and stored like any other

import type { Instant } from '../base/clock.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import type { ObjectSchema } from './schema.ts';
import type { ResourceName } from './status.ts';

/** What both sorts of write say about themselves. */
interface Write {
  /** The object as it is stored, in the version of the request; undefined when the write creates it. */
  readonly live: KubeObject | undefined;
  /** Of the request's version. */
  readonly schema: ObjectSchema;
  readonly apiVersion: string;
  readonly manager: string;
  readonly subresource?: string;
  readonly now: Instant;
  /** Fields (`status`, `spec.nodeName`) that a write through this path never owns. */
  readonly resetFields?: readonly string[];
  /** The live and the next object in another version, for entries written in it; undefined when that version is not served. Without it all versions are taken to have the same fields. */
  readonly inVersion?: (
    object: KubeObject,
    apiVersion: string,
  ) => { readonly object: KubeObject; readonly schema: ObjectSchema } | undefined;
}

export interface UpdateWrite extends Write {
  /** Its metadata.managedFields is what the client sent. */
  readonly next: KubeObject;
}

export interface ApplyWrite extends Write {
  /** What the client applies, undefaulted. */
  readonly config: KubeObject;
  readonly force: boolean;
  readonly resource: ResourceName;
}

export interface Applied {
  /** The configuration merged into the live object, not yet defaulted. The live object itself when nothing changed. */
  readonly object: KubeObject;
  /** The entries to store with it. */
  managedAfter(defaulted: KubeObject): ManagedFieldsEntry[] | undefined;
}

export declare function managedAfterUpdate(write: UpdateWrite): ManagedFieldsEntry[] | undefined;

export declare function applyConfiguration(write: ApplyWrite): Applied;
