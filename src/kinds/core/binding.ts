import type { Binding as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Binding = Shape;

export const Binding = defineKind<Binding>('v1', 'Binding', {});
