import type { Pod as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Pod = Shape;

export const Pod = defineKind<Pod>('v1', 'Pod', {});
