import type { StorageClass as Shape } from '../generated/types/storage-v1.ts';
import { defineKind } from '../define.ts';

export type StorageClass = Shape;

export const StorageClass = defineKind<StorageClass>('storage.k8s.io/v1', 'StorageClass', {});
