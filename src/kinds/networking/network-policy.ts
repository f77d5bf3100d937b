import type { NetworkPolicy as Shape } from '../generated/types/networking-v1.ts';
import { defineKind } from '../define.ts';

export type NetworkPolicy = Shape;

export const NetworkPolicy = defineKind<NetworkPolicy>('networking.k8s.io/v1', 'NetworkPolicy', {});
