import type { ClusterRoleBinding as Shape } from '../generated/types/rbac-v1.ts';
import { defineKind } from '../define.ts';

export type ClusterRoleBinding = Shape;

export const ClusterRoleBinding = defineKind<ClusterRoleBinding>('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {});
