import type { Secret as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Secret = Shape;

export const Secret = defineKind<Secret>('v1', 'Secret', {});
