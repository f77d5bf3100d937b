// Role: what may be done with what, in one namespace.

import { defineKind } from '../define.ts';
import type { Role as Shape } from '../generated/types/rbac-v1.ts';
import { ruleIssues } from './policy-rules.ts';

export type Role = Shape;

export const Role = defineKind<Role>('rbac.authorization.k8s.io/v1', 'Role', {
  nameRule: 'pathSegment',
  createOnUpdate: true,
  validate: ({ rules }) => ruleIssues(rules, 'namespaced'),
  validateUpdate: ({ rules }) => ruleIssues(rules, 'namespaced'),
});
