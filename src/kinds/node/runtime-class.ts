import type { RuntimeClass as Shape } from '../generated/types/node-v1.ts';
import { defineKind } from '../define.ts';

export type RuntimeClass = Shape;

export const RuntimeClass = defineKind<RuntimeClass>('node.k8s.io/v1', 'RuntimeClass', {});
