import type { RoleBinding as Shape } from '../generated/types/rbac-v1.ts';
import { defineKind } from '../define.ts';

export type RoleBinding = Shape;

export const RoleBinding = defineKind<RoleBinding>('rbac.authorization.k8s.io/v1', 'RoleBinding', {});
