import type { VolumeAttachment as Shape } from '../generated/types/storage-v1.ts';
import { defineKind } from '../define.ts';

export type VolumeAttachment = Shape;

export const VolumeAttachment = defineKind<VolumeAttachment>('storage.k8s.io/v1', 'VolumeAttachment', {});
