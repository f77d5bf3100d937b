import type { Job as Shape } from '../generated/types/batch-v1.ts';
import { defineKind } from '../define.ts';

export type Job = Shape;

export const Job = defineKind<Job>('batch/v1', 'Job', {});
