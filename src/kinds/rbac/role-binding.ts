// RoleBinding: who has a Role or ClusterRole, in one namespace.

import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { RoleBinding as Shape } from '../generated/types/rbac-v1.ts';
import { applyBindingDefaults, bindingChangeIssues, bindingIssues, roleCell, subjectsCell } from './policy-rules.ts';

export type RoleBinding = Shape;

export const RoleBinding = defineKind<RoleBinding>('rbac.authorization.k8s.io/v1', 'RoleBinding', {
  nameRule: 'pathSegment',
  createOnUpdate: true,
  applyDefaults: applyBindingDefaults,
  validate: (binding) => bindingIssues(binding, 'namespaced'),
  validateUpdate: (next, previous) => [...bindingIssues(next, 'namespaced'), ...bindingChangeIssues(next, previous)],
  columns: [
    nameColumn,
    textColumn<RoleBinding>('Role', { type: 'io.k8s.api.rbac.v1.RoleBinding', field: 'roleRef' }, (binding) =>
      roleCell(binding),
    ),
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
