import type { CSINode as Shape } from '../generated/types/storage-v1.ts';
import { defineKind } from '../define.ts';

export type CSINode = Shape;

export const CSINode = defineKind<CSINode>('storage.k8s.io/v1', 'CSINode', {});
