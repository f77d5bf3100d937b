// RoleBinding: who has a Role or ClusterRole, in one namespace.

import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { RoleBinding as Shape } from '../generated/types/rbac-v1.ts';
import { applyBindingDefaults, bindingChangeIssues, bindingIssues, roleCell, subjectsCell } from './policy-rules.ts';

export type RoleBinding = Shape;

/** The text of an older version, which the column has kept. */
const roleText =
  'RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.';

export const RoleBinding = defineKind<RoleBinding>('rbac.authorization.k8s.io/v1', 'RoleBinding', {
  nameRule: 'pathSegment',
  createOnUpdate: true,
  applyDefaults: applyBindingDefaults,
  validate: (binding) => bindingIssues(binding, 'namespaced'),
  validateUpdate: (next, previous) => [...bindingIssues(next, 'namespaced'), ...bindingChangeIssues(next, previous)],
  columns: [
    nameColumn,
    textColumn<RoleBinding>('Role', roleText, (binding) => roleCell(binding)),
    ageColumn,
    wide(textColumn('Users', 'Users in the roleBinding', (binding) => subjectsCell(binding, 'User'))),
    wide(textColumn('Groups', 'Groups in the roleBinding', (binding) => subjectsCell(binding, 'Group'))),
    wide(
      textColumn('ServiceAccounts', 'ServiceAccounts in the roleBinding', (binding) =>
        subjectsCell(binding, 'ServiceAccount'),
      ),
    ),
  ],
});
