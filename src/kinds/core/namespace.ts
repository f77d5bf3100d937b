import type { Namespace as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Namespace = Shape;

export const Namespace = defineKind<Namespace>('v1', 'Namespace', {});
