// ClusterRoleBinding: who has a ClusterRole, everywhere.

import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ClusterRoleBinding as Shape } from '../generated/types/rbac-v1.ts';
import { applyBindingDefaults, bindingChangeIssues, bindingIssues, roleCell, subjectsCell } from './policy-rules.ts';

export type ClusterRoleBinding = Shape;

export const ClusterRoleBinding = defineKind<ClusterRoleBinding>('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {
  nameRule: 'pathSegment',
  createOnUpdate: true,
  applyDefaults: applyBindingDefaults,
  validate: (binding) => bindingIssues(binding, 'cluster'),
  validateUpdate: (next, previous) => [...bindingIssues(next, 'cluster'), ...bindingChangeIssues(next, previous)],
  columns: [
    nameColumn,
    textColumn<ClusterRoleBinding>(
      'Role',
      { type: 'io.k8s.api.rbac.v1.ClusterRoleBinding', field: 'roleRef' },
      (binding) => roleCell(binding),
    ),
    ageColumn,
    wide(textColumn('Users', 'Users in the clusterRoleBinding', (binding) => subjectsCell(binding, 'User'))),
    wide(textColumn('Groups', 'Groups in the clusterRoleBinding', (binding) => subjectsCell(binding, 'Group'))),
    wide(
      textColumn('ServiceAccounts', 'ServiceAccounts in the clusterRoleBinding', (binding) =>
        subjectsCell(binding, 'ServiceAccount'),
      ),
    ),
  ],
});
