import type { Role as Shape } from '../generated/types/rbac-v1.ts';
import { defineKind } from '../define.ts';

export type Role = Shape;

export const Role = defineKind<Role>('rbac.authorization.k8s.io/v1', 'Role', {});
