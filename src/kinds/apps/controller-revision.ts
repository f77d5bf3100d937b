import type { ControllerRevision as Shape } from '../generated/types/apps-v1.ts';
import { defineKind } from '../define.ts';

export type ControllerRevision = Shape;

export const ControllerRevision = defineKind<ControllerRevision>('apps/v1', 'ControllerRevision', {});
