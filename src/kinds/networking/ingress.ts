import type { Ingress as Shape } from '../generated/types/networking-v1.ts';
import { defineKind } from '../define.ts';

export type Ingress = Shape;

export const Ingress = defineKind<Ingress>('networking.k8s.io/v1', 'Ingress', {});
