import type { CSIStorageCapacity as Shape } from '../generated/types/storage-v1.ts';
import { defineKind } from '../define.ts';

export type CSIStorageCapacity = Shape;

export const CSIStorageCapacity = defineKind<CSIStorageCapacity>('storage.k8s.io/v1', 'CSIStorageCapacity', {});
