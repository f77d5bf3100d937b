// A kind is data, plus the few functions that cannot be. Built-in kinds and custom resources are the same thing from here on.

import type { Duration, Instant } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Decoded } from './decode.ts';
import type { Issue } from './issues.ts';
import type { KubeObject } from './object.ts';
import type { ObjectSchema } from './schema.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** What a kind's functions may ask of the world: nothing that a replay could not answer again. */
export interface KindContext {
  now(): Instant;
  readonly random: Random;
  /** Whether a feature gate of Kubernetes is on. */
  enabled(featureGate: string): boolean;
  /** Whether a signature is one of the key's; absent in a world without cryptography, where signatures are taken on trust. */
  verifySignature?(signed: SignedBytes): boolean;
}

/** Something signed, and whose signature it is said to be. */
export interface SignedBytes {
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Uint8Array;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** How an RSA key pads. */
  readonly padding: 'pkcs1' | 'pss';
}

export interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
  /** The kind of the bodies it takes and gives, where it is not the object's own (`Scale`, `Binding`, `Eviction` …). */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
}

/** Where a scalable kind keeps what a Scale shows, as JSON paths (`.spec.replicas`). `selector` is a labelSelector object or, for custom resources, a string. */
export interface ScalePaths {
  readonly replicas: string;
  readonly statusReplicas: string;
  readonly selector?: string;
}

/** One version a kind is served in. Objects are stored, and handed to the kind's functions, in the kind's own `version` (the hub). */
export interface ServedVersion {
  readonly version: string;
  readonly schema: ObjectSchema;
  /** How a body is read where Go's way does not fit: custom resources drop and fill in fields, and keep wrong types for validation. */
  read?(value: unknown): Decoded;
  /** From this version to the hub and back; left out where only apiVersion differs. They may change and return the draft. */
  toHub?(draft: KubeObject): KubeObject;
  fromHub?(draft: KubeObject): KubeObject;
  /** The text of the Warning header for every use of a deprecated version. */
  readonly deprecation?: string;
  /** The kind as this version has it, where versions differ in more than their schema: subresources, columns, rules (custom resources). */
  readonly as?: Kind;
}

/** A documented field (`io.k8s.api.core.v1.PodSpec`, `nodeName`) whose published description is a column's description. */
export interface DocumentedField {
  readonly type: string;
  readonly field: string;
}

export type Cell = string | number | boolean | null;

/** A column of `kubectl get`. Cells are computed by the server, as upstream does. */
export interface Column<T = KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  /** 0 is always shown, 1 with `-o wide` only. Default 0. */
  readonly priority?: number;
  readonly description: string | DocumentedField;
  /** Rows have its cell, and the table's head says nothing of it (the age of an IPAddress). */
  readonly untold?: boolean;
  cell(object: T, now: Instant): Cell;
}

/** A mark on a table's row, which clients may leave out. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** How a name must look; see base/names.ts. */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'pathSegment' | 'configMapKey';

/** How the deletion of an object of this kind begins. */
export interface GracefulDeletion {
  /** Seconds to wait before the object goes; 0: at once. */
  readonly gracePeriodSeconds: number;
}

export interface Departure<T = KubeObject> {
  /** Added to the object's finalizers when its deletion begins. */
  readonly finalizer?: string;
  /** Whether something other than metadata.finalizers keeps the object. */
  holds?(object: T): boolean;
  /** Shows in the object that it is going. `now` is RFC 3339. */
  mark(draft: T, now: string): void;
}

/** What is particular about a kind. All functions get objects of the hub version; drafts may be changed in place. */
export interface Behaviour<T extends KubeObject = KubeObject> {
  /** `metadata.name` must look so. Default: subdomain. */
  readonly nameRule?: NameRule;
  /** A generateName becomes the name as it is: nothing is put behind it. */
  readonly keepsGenerateName?: boolean;
  /**
   * When metadata.generation grows. `spec`: when anything but metadata and status differs; `none`: the kind has no generation;
   * a function decides. Default: `spec` for kinds with a `status` subresource, otherwise `none`.
   */
  readonly generation?: 'spec' | 'none' | ((next: T, previous: T) => boolean);
  /** Fills in what is left out (Go's SetDefaults_*), on every decode: of requests and patched objects. */
  applyDefaults?(draft: T): void;
  /** Defaults that depend on the time of the request or on feature gates. As the others they belong to the writer. */
  applyContextDefaults?(draft: T, context: KindContext): void;
  /** Takes out the fields of features that are off, but for those that were in use before. They belong to the writer all the same. */
  dropDisabledFields?(draft: T, previous: T | undefined, context: KindContext): void;
  /** Sets and resets what a client may not decide on create (initial status and the like; the server itself drops `status` for kinds with that subresource when this is absent). */
  prepareForCreate?(draft: T, context: KindContext): void;
  /** The same on update through the main resource; the server has put the previous status back when there is a status subresource. */
  prepareForUpdate?(draft: T, previous: T, context: KindContext): void;
  /** The same on update through /status; the server has put everything but status (and labels etc., for Node) back. */
  prepareForStatusUpdate?(draft: T, previous: T, context: KindContext): void;
  /** What is wrong on create. metadata is checked by the server before. */
  validate?(object: T, context: KindContext): Issue[];
  /** What is wrong on update; call `validate` in it where upstream does. */
  validateUpdate?(next: T, previous: T, context: KindContext): Issue[];
  validateStatusUpdate?(next: T, previous: T, context: KindContext): Issue[];
  /** Texts for Warning headers that a client gets even when its object is refused. */
  earlyWarnings?(next: T): string[];
  /** Annotations that are a field inside Kubernetes: a table's rows, which show the inner metadata, go without them. */
  readonly innerAnnotations?: readonly string[];
  /** Texts for Warning headers. */
  warnings?(next: T, previous: T | undefined): string[];
  /** Table columns after which nothing is added; default Name and Created At. */
  readonly columns?: readonly Column<T>[];
  /** What a table's row says of its object besides the cells (`Completed` pods). */
  rowConditions?(object: T): RowCondition[];
  /** Fields a fieldSelector may name besides metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** PUT of an object that does not exist creates it. */
  readonly createOnUpdate?: boolean;
  /** PUT without resourceVersion is refused (default: last writer wins). */
  readonly requireVersionOnUpdate?: boolean;
  /** Top-level or nested fields (as `status`, `spec.nodeName`) that a write through the main resource, or through the named subresource, never owns. Default for kinds with /status: main → status, status → spec & metadata. */
  readonly resetFields?: Readonly<Record<string, readonly string[]>>;
  /** Objects vanish by themselves this long after their last write (events). */
  readonly lifetime?: Duration;
  /** A graceful deletion instead of an immediate one, decided from the object and the asked-for period. */
  gracefulDeletion?(object: T, requestedSeconds: number | undefined): GracefulDeletion;
  /** What DELETE without a policy does with dependents (default: background). */
  readonly defaultPropagation?: 'Background' | 'Orphan';
  /** The warning that a DELETE without a policy gets. */
  readonly deletionWarning?: string;
  /** How the deletion of a kind begins whose objects must be emptied before they go (namespaces, definitions of custom kinds). */
  readonly departure?: Departure<T>;
  /** DELETE answers with the object that is gone, rather than with a Status. */
  readonly returnsDeleted?: boolean;
  readonly scale?: ScalePaths;
  /** Takes out of a checked object what the stored version cannot hold, where objects are written in another one. */
  fitForStorage?(draft: T): void;
  /** A stored object as it is to be read today; the object itself where its kind has not changed since. */
  readStored?(object: T): KubeObject;
  /** A new object that Kubernetes stores without what reading fills in: the next write stores it anew, even if it changes nothing. */
  isStoredBare?(object: T): boolean;
  /** What clients get to see of an object; the object itself where that is all of it. */
  shown?(object: T): KubeObject;
}

export interface Kind<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  /** The hub: the version objects are stored in. */
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** The hub first, where it is served. */
  readonly versions: readonly ServedVersion[];
  /** Versions that exist but are served only on request (--runtime-config); objects may be stored in one of them. */
  readonly optionalVersions?: readonly ServedVersion[];
  /** All versions of a custom kind in the order of its definition, served or not. */
  readonly definedVersions?: readonly ServedVersion[];
  /** The feature gate without which the kind is not served, whatever is asked for. */
  readonly gate?: string;
  readonly behaviour: Behaviour<T>;
  /** Another kind that keeps this one's objects (events.k8s.io Event is kept as the core Event); `versions[].toHub` then leads to that kind. */
  readonly storedAs?: Kind;
  /**
   * Objects of one of the kind's versions in another one, where somebody outside converts them (custom resources with a conversion webhook).
   * The results are in the order of the objects, and nobody else's. Throws what the client is to see.
   */
  convert?(objects: readonly KubeObject[], apiVersion: string): Promise<readonly KubeObject[]>;
  /** As discovery shows it; undefined for kinds that are not stored. */
  readonly storageVersionHash?: string;
  /** The version in which callers of this process read and write objects of this view of the kind; otherwise the hub, or the first served. */
  readonly spoken?: string;
  /** A custom resource's kind rather than a built-in one. */
  readonly custom: boolean;
  /** Another API server keeps its objects: whoever reads them here may be behind. */
  readonly remote?: boolean;
  /** The kind is being removed: its objects go, and new ones are refused. */
  readonly terminating?: boolean;
}

/** `v1` or `apps/v1`. */
export const apiVersionOf = (kind: { readonly group: string; readonly version: string }): string =>
  kind.group ? `${kind.group}/${kind.version}` : kind.version;

/** All versions that objects can be converted to: those of custom kinds even where they are not served. */
export const everyVersion = ({ versions, definedVersions = versions }: Kind): readonly ServedVersion[] =>
  definedVersions;

/** The version that callers of this process speak. */
export const spokenVersion = ({ spoken, version, versions }: Pick<Kind, 'spoken' | 'version' | 'versions'>): string =>
  spoken ?? (versions.some((each) => each.version === version) ? version : (versions[0]?.version ?? version));

/** `pods` or `deployments.apps`: the name of a kind's resource in one word, unique in the whole API. */
export const resourceKey = (kind: { readonly group: string; readonly plural: string }): string =>
  kind.group ? `${kind.plural}.${kind.group}` : kind.plural;
