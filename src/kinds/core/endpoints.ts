import type { Endpoints as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Endpoints = Shape;

export const Endpoints = defineKind<Endpoints>('v1', 'Endpoints', {});
