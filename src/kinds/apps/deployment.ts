import type { Deployment as Shape } from '../generated/types/apps-v1.ts';
import { defineKind } from '../define.ts';

export type Deployment = Shape;

export const Deployment = defineKind<Deployment>('apps/v1', 'Deployment', {});
