import type { Service as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Service = Shape;

export const Service = defineKind<Service>('v1', 'Service', {});
