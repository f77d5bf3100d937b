import type { ResourceClaim as Shape } from '../generated/types/resource-v1.ts';
import { defineKind } from '../define.ts';

export type ResourceClaim = Shape;

export const ResourceClaim = defineKind<ResourceClaim>('resource.k8s.io/v1', 'ResourceClaim', {});
