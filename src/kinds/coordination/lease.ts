import type { Lease as Shape } from '../generated/types/coordination-v1.ts';
import { defineKind } from '../define.ts';

export type Lease = Shape;

export const Lease = defineKind<Lease>('coordination.k8s.io/v1', 'Lease', {});
