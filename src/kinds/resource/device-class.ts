import type { DeviceClass as Shape } from '../generated/types/resource-v1.ts';
import { defineKind } from '../define.ts';

export type DeviceClass = Shape;

export const DeviceClass = defineKind<DeviceClass>('resource.k8s.io/v1', 'DeviceClass', {});
