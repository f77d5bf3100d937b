import type { IPAddress as Shape } from '../generated/types/networking-v1.ts';
import { defineKind } from '../define.ts';

export type IPAddress = Shape;

export const IPAddress = defineKind<IPAddress>('networking.k8s.io/v1', 'IPAddress', {});
