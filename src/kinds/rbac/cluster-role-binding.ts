// ClusterRoleBinding: who has a ClusterRole, everywhere.

import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ClusterRoleBinding as Shape } from '../generated/types/rbac-v1.ts';
import { applyBindingDefaults, bindingChangeIssues, bindingIssues, roleCell, subjectsCell } from './policy-rules.ts';

export type ClusterRoleBinding = Shape;

/** The text of an older version, which the column has kept. */
const roleText =
  'RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.';

export const ClusterRoleBinding = defineKind<ClusterRoleBinding>('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {
  nameRule: 'pathSegment',
  createOnUpdate: true,
  applyDefaults: applyBindingDefaults,
  validate: (binding) => bindingIssues(binding, 'cluster'),
  validateUpdate: (next, previous) => [...bindingIssues(next, 'cluster'), ...bindingChangeIssues(next, previous)],
  columns: [
    nameColumn,
    textColumn<ClusterRoleBinding>('Role', roleText, (binding) => roleCell(binding)),
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
