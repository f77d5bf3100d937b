import type { ComponentStatus as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type ComponentStatus = Shape;

export const ComponentStatus = defineKind<ComponentStatus>('v1', 'ComponentStatus', {});
