import type { VolumeAttributesClass as Shape } from '../generated/types/storage-v1.ts';
import { defineKind } from '../define.ts';

export type VolumeAttributesClass = Shape;

export const VolumeAttributesClass = defineKind<VolumeAttributesClass>('storage.k8s.io/v1', 'VolumeAttributesClass', {});
