import type { PriorityClass as Shape } from '../generated/types/scheduling-v1.ts';
import { defineKind } from '../define.ts';

export type PriorityClass = Shape;

export const PriorityClass = defineKind<PriorityClass>('scheduling.k8s.io/v1', 'PriorityClass', {});
