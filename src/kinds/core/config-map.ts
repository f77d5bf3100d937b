import type { ConfigMap as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type ConfigMap = Shape;

export const ConfigMap = defineKind<ConfigMap>('v1', 'ConfigMap', {});
