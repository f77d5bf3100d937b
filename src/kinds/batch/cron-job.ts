import type { CronJob as Shape } from '../generated/types/batch-v1.ts';
import { defineKind } from '../define.ts';

export type CronJob = Shape;

export const CronJob = defineKind<CronJob>('batch/v1', 'CronJob', {});
