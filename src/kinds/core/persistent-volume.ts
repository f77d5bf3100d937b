import type { PersistentVolume as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type PersistentVolume = Shape;

export const PersistentVolume = defineKind<PersistentVolume>('v1', 'PersistentVolume', {});
