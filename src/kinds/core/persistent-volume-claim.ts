import type { PersistentVolumeClaim as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type PersistentVolumeClaim = Shape;

export const PersistentVolumeClaim = defineKind<PersistentVolumeClaim>('v1', 'PersistentVolumeClaim', {});
