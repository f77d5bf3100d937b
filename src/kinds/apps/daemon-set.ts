import type { DaemonSet as Shape } from '../generated/types/apps-v1.ts';
import { defineKind } from '../define.ts';

export type DaemonSet = Shape;

export const DaemonSet = defineKind<DaemonSet>('apps/v1', 'DaemonSet', {});
