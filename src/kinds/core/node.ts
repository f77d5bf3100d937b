import type { Node as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Node = Shape;

export const Node = defineKind<Node>('v1', 'Node', {});
