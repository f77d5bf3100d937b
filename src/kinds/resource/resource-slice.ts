import type { ResourceSlice as Shape } from '../generated/types/resource-v1.ts';
import { defineKind } from '../define.ts';

export type ResourceSlice = Shape;

export const ResourceSlice = defineKind<ResourceSlice>('resource.k8s.io/v1', 'ResourceSlice', {});
