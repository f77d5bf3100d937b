import type { ServiceCIDR as Shape } from '../generated/types/networking-v1.ts';
import { defineKind } from '../define.ts';

export type ServiceCIDR = Shape;

export const ServiceCIDR = defineKind<ServiceCIDR>('networking.k8s.io/v1', 'ServiceCIDR', {});
