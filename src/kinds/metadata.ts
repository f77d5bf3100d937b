// What is wrong with an object's metadata: the rules that all kinds share.

import { type Issue, forbiddenField, invalid, quoted, required } from '../api/issues.ts';
import type { Kind, NameRule } from '../api/kind.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../api/object.ts';
import {
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isQualifiedName,
} from '../base/names.ts';
import { annotationIssues, complain, labelIssues } from './checks.ts';

const nameChecks: Readonly<Record<NameRule, (name: string) => string[]>> = {
  subdomain: isDns1123Subdomain,
  label: isDns1123Label,
  label1035: isDns1035Label,
  pathSegment: isPathSegmentName,
  configMapKey: isConfigMapKey,
};

/** The finalizers that need no domain. */
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Kinds whose own update rules look only at what changed in metadata, not at metadata as a whole once more. */
const checksOnlyChanges = new Set(['Event']);

/** Whether finalizers need a domain: not so where kinds are served by extension servers, as custom ones, definitions and API services. */
const asksForDomains = ({ custom, group }: Kind): boolean =>
  !custom && group !== 'apiextensions.k8s.io' && group !== 'apiregistration.k8s.io';

/** What is wrong on create. */
export function validateMetadata(kind: Kind, object: KubeObject): Issue[] {
  return metaIssues(kind, object.metadata, kind.behaviour.nameRule ?? 'subdomain');
}

/** What is wrong on update. Kubernetes checks for all kinds, and most kinds check again: the repetitions show in a refusal's causes. */
export function validateMetadataUpdate(kind: Kind, next: KubeObject, previous: KubeObject): Issue[] {
  const changes = metaChangeIssues(next.metadata, previous.metadata);
  const general = [...metaIssues(kind, next.metadata, 'pathSegment', false), ...changes];
  if (kind.custom) return general;
  const own = [...changes, ...(asksForDomains(kind) ? finalizerDomainIssues(next.metadata) : [])];
  if (checksOnlyChanges.has(kind.kind)) return [...general, ...own];
  return [...general, ...own, ...metaIssues(kind, next.metadata, kind.behaviour.nameRule ?? 'subdomain')];
}

/** Of an object within another one: it need not be named, nor be of a kind that is known here. */
export function embeddedMetadataIssues(meta: ObjectMeta, field: string): Issue[] {
  const kind = { scope: meta.namespace ? 'Namespaced' : 'Cluster', custom: false } as Kind;
  return metaIssues(kind, { ...meta, name: meta.name || 'unnamed' }, 'pathSegment', false).map((issue) => ({
    ...issue,
    field: issue.field.replace(/^metadata/, field),
  }));
}

function metaIssues(kind: Kind, meta: ObjectMeta, rule: NameRule, ownRules = asksForDomains(kind)): Issue[] {
  return [
    ...nameIssues(meta.generateName && kind.custom ? { ...meta, generateName: '' } : meta, rule),
    ...namespaceIssues(kind, meta),
    ...generationIssues(meta),
    ...labelIssues(meta.labels, 'metadata.labels'),
    ...annotationIssues(meta.annotations, 'metadata.annotations'),
    ...ownerIssues(meta.ownerReferences ?? []),
    ...finalizerIssues(meta.finalizers ?? []),
    ...managedFieldsIssues(meta.managedFields ?? []),
    ...(ownRules ? finalizerDomainIssues(meta) : []),
  ];
}

function nameIssues(meta: ObjectMeta, rule: NameRule): Issue[] {
  const check = nameChecks[rule];
  const issues: Issue[] = [];
  if (meta.generateName) {
    const shown = meta.generateName;
    issues.push(...check(asPrefix(shown, rule)).map((text) => invalid('metadata.generateName', shown, text)));
  }
  if (!meta.name) issues.push(required('metadata.name', 'name or generateName is required'));
  else issues.push(...complain('metadata.name', meta.name, check));
  return issues;
}

/** A prefix may end in a dash, since more will follow. */
const asPrefix = (prefix: string, rule: NameRule) =>
  rule !== 'pathSegment' && rule !== 'configMapKey' && prefix.length > 1 && prefix.endsWith('-')
    ? `${prefix.slice(0, -1)}a`
    : prefix;

function namespaceIssues(kind: Kind, meta: ObjectMeta): Issue[] {
  if (kind.scope === 'Cluster') {
    return meta.namespace ? [forbiddenField('metadata.namespace', 'not allowed on this type')] : [];
  }
  return meta.namespace
    ? complain('metadata.namespace', meta.namespace, isDns1123Label)
    : [required('metadata.namespace')];
}

function generationIssues({ generation = 0 }: ObjectMeta): Issue[] {
  return generation < 0 ? [invalid('metadata.generation', generation, 'must be greater than or equal to 0')] : [];
}

function ownerIssues(owners: readonly OwnerReference[]): Issue[] {
  const field = 'metadata.ownerReferences';
  const issues = owners.flatMap((owner) => ownerReferenceIssues(owner, field));
  const controllers = owners.filter((owner) => owner.controller);
  const [first, ...others] = controllers;
  for (const other of others) {
    const names = `references for ${first?.name} and ${other.name}`;
    const rule = `Only one reference can have Controller set to true. Found "true" in ${names}`;
    issues.push(invalid(field, owners, rule));
  }
  return issues;
}

function ownerReferenceIssues(owner: OwnerReference, field: string): Issue[] {
  const issues: Issue[] = [];
  const version = owner.apiVersion.split('/').at(-1);
  if (!version) issues.push(invalid(`${field}.apiVersion`, owner.apiVersion, 'version must not be empty'));
  for (const part of ['kind', 'name', 'uid'] as const) {
    if (!owner[part]) issues.push(invalid(`${field}.${part}`, owner[part] ?? '', 'must not be empty'));
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    issues.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return issues;
}

function finalizerIssues(finalizers: readonly string[]): Issue[] {
  const field = 'metadata.finalizers';
  const issues = finalizers.flatMap((finalizer) => complain(field, finalizer, isQualifiedName));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    issues.push(invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return issues;
}

function finalizerDomainIssues({ finalizers = [] }: ObjectMeta): Issue[] {
  return finalizers.flatMap((finalizer, i) =>
    finalizer.includes('/') || standardFinalizers.has(finalizer)
      ? []
      : [
          invalid(
            `metadata.finalizers[${i}]`,
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  );
}

function managedFieldsIssues(entries: readonly ManagedFieldsEntry[]): Issue[] {
  return entries.flatMap((entry, i) => {
    const field = `metadata.managedFields[${i}]`;
    const issues: Issue[] = [];
    const { operation, fieldsType, manager = '' } = entry;
    if (operation !== 'Apply' && operation !== 'Update') {
      issues.push(invalid(`${field}.operation`, operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (fieldsType && fieldsType !== 'FieldsV1') {
      issues.push(invalid(`${field}.fieldsType`, fieldsType, 'must be `FieldsV1`'));
    }
    if (manager.length > 128) {
      issues.push({ type: 'tooLong', field: `${field}.manager`, message: 'Too long: may not be more than 128 bytes' });
    }
    return issues;
  });
}

const immutableFields = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

function metaChangeIssues(next: ObjectMeta, previous: ObjectMeta): Issue[] {
  const issues = previous.deletionTimestamp ? newFinalizerIssues(next.finalizers ?? [], previous.finalizers ?? []) : [];
  if ((next.generation ?? 0) < (previous.generation ?? 0)) {
    issues.push(invalid('metadata.generation', next.generation ?? 0, 'must not be decremented'));
  }
  for (const name of immutableFields) {
    if (next[name] === previous[name] || (!next[name] && !previous[name])) continue;
    issues.push(invalid(`metadata.${name}`, next[name] ?? emptyOf(name), 'field is immutable'));
  }
  return [
    ...issues,
    ...labelIssues(next.labels, 'metadata.labels'),
    ...annotationIssues(next.annotations, 'metadata.annotations'),
    ...ownerIssues(next.ownerReferences ?? []),
    ...managedFieldsIssues(next.managedFields ?? []),
  ];
}

const emptyOf = (name: (typeof immutableFields)[number]) => (/Timestamp|Seconds/.test(name) ? null : '');

function newFinalizerIssues(next: readonly string[], previous: readonly string[]): Issue[] {
  const added = next.filter((finalizer) => !previous.includes(finalizer)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map(quoted).join(', ')}}`;
  const rule = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [forbiddenField('metadata.finalizers', rule)];
}
