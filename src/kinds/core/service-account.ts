import type { ServiceAccount as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type ServiceAccount = Shape;

export const ServiceAccount = defineKind<ServiceAccount>('v1', 'ServiceAccount', {});
