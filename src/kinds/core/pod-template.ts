import type { PodTemplate as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type PodTemplate = Shape;

export const PodTemplate = defineKind<PodTemplate>('v1', 'PodTemplate', {});
