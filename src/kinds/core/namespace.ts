// Namespace: where namespaced objects live.

import { type Issue, invalid } from '../../api/issues.ts';
import { isQualifiedName } from '../../base/names.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { Namespace as Shape } from '../generated/types/core-v1.ts';

export type Namespace = Shape;

const nameLabel = 'kubernetes.io/metadata.name';

export const Namespace = defineKind<Namespace>('v1', 'Namespace', {
  nameRule: 'label',
  generation: 'none',
  applyDefaults: labelWithName,
  prepareForCreate(namespace) {
    labelWithName(namespace);
    namespace.status = { phase: 'Active' };
    const finalizers = namespace.spec?.finalizers ?? [];
    const all = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
    namespace.spec = { ...namespace.spec, finalizers: all };
  },
  prepareForUpdate(namespace, previous) {
    labelWithName(namespace);
    namespace.spec = structuredClone(previous.spec);
  },
  departure: {
    holds: ({ spec }) => (spec.finalizers ?? []).length > 0,
    mark(draft) {
      draft.status = { ...draft.status, phase: 'Terminating' };
    },
  },
  validate: ({ spec }) => (spec.finalizers ?? []).flatMap((name) => finalizerIssues(name, 'spec.finalizers')),
  validateUpdate: ({ spec }) => (spec.finalizers ?? []).flatMap((name) => finalizerIssues(name, 'spec.finalizers')),
  validateStatusUpdate: phaseIssues,
  columns: [
    nameColumn,
    textColumn('Status', 'The status of the namespace', ({ status }) => status?.phase ?? ''),
    ageColumn,
  ],
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
});

/** Selectors can name a namespace by this label. */
function labelWithName({ metadata }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

/** What is wrong with what is asked of namespaces/finalize. */
export const namespaceFinalizeIssues = ({ spec }: Namespace): Issue[] =>
  (spec?.finalizers ?? []).flatMap((name, i) => finalizerIssues(name, `spec.finalizers[${i}]`));

const standard = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function finalizerIssues(name: string, field: string): Issue[] {
  const issues = complain(field, name, isQualifiedName);
  if (name.includes('/') || standard.has(name)) return issues;
  return [...issues, invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}

function phaseIssues({ metadata, status }: Namespace): Issue[] {
  const phase = status?.phase ?? '';
  const going = Boolean(metadata.deletionTimestamp);
  if (phase === (going ? 'Terminating' : 'Active')) return [];
  const rule = going
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalid('status.Phase', phase, rule)];
}
