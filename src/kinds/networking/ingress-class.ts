import type { IngressClass as Shape } from '../generated/types/networking-v1.ts';
import { defineKind } from '../define.ts';

export type IngressClass = Shape;

export const IngressClass = defineKind<IngressClass>('networking.k8s.io/v1', 'IngressClass', {});
