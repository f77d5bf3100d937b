import type { CSIDriver as Shape } from '../generated/types/storage-v1.ts';
import { defineKind } from '../define.ts';

export type CSIDriver = Shape;

export const CSIDriver = defineKind<CSIDriver>('storage.k8s.io/v1', 'CSIDriver', {});
