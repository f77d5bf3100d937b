import type { LimitRange as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type LimitRange = Shape;

export const LimitRange = defineKind<LimitRange>('v1', 'LimitRange', {});
