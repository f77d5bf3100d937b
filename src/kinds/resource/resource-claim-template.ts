import type { ResourceClaimTemplate as Shape } from '../generated/types/resource-v1.ts';
import { defineKind } from '../define.ts';

export type ResourceClaimTemplate = Shape;

export const ResourceClaimTemplate = defineKind<ResourceClaimTemplate>('resource.k8s.io/v1', 'ResourceClaimTemplate', {});
