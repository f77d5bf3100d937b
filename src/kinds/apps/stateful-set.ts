import type { StatefulSet as Shape } from '../generated/types/apps-v1.ts';
import { defineKind } from '../define.ts';

export type StatefulSet = Shape;

export const StatefulSet = defineKind<StatefulSet>('apps/v1', 'StatefulSet', {});
