import type { ClusterRole as Shape } from '../generated/types/rbac-v1.ts';
import { defineKind } from '../define.ts';

export type ClusterRole = Shape;

export const ClusterRole = defineKind<ClusterRole>('rbac.authorization.k8s.io/v1', 'ClusterRole', {});
