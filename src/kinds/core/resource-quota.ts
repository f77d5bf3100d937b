import type { ResourceQuota as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type ResourceQuota = Shape;

export const ResourceQuota = defineKind<ResourceQuota>('v1', 'ResourceQuota', {});
