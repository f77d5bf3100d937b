// Lease: who holds something, until when unless renewed.

import { type Issue, forbiddenField, invalid } from '../../api/issues.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { LeaseSpec, Lease as Shape } from '../generated/types/coordination-v1.ts';
import { strategyIssues } from './lease-candidate.ts';

export type Lease = Shape;

export const Lease = defineKind<Lease>('coordination.k8s.io/v1', 'Lease', {
  createOnUpdate: true,
  requireVersionOnUpdate: true,
  generation: 'none',
  dropDisabledFields({ spec }, previous, { enabled }) {
    if (previous?.spec?.strategy === undefined && !enabled('CoordinatedLeaderElection')) dropCoordination(spec);
  },
  validate: ({ spec }) => specIssues(spec ?? {}),
  validateUpdate: ({ spec }) => specIssues(spec ?? {}),
  columns: [
    nameColumn,
    textColumn('Holder', { type: 'io.k8s.api.coordination.v1.LeaseSpec', field: 'holderIdentity' }, ({ spec }) => {
      return spec?.holderIdentity ?? '';
    }),
    ageColumn,
  ],
});

/** Fields of coordinated leader election, a feature that is off unless asked for. */
function dropCoordination(spec: LeaseSpec | undefined): void {
  delete spec?.strategy;
  delete spec?.preferredHolder;
}

function specIssues(spec: LeaseSpec): Issue[] {
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = spec;
  const issues: Issue[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    issues.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    issues.push(invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
  }
  if (strategy !== undefined) issues.push(...strategyIssues(strategy, 'spec.strategy'));
  if (preferredHolder && !strategy) {
    issues.push(forbiddenField('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return issues;
}
