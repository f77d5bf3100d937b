import type { HorizontalPodAutoscaler as Shape } from '../generated/types/autoscaling-v2.ts';
import { defineKind } from '../define.ts';

export type HorizontalPodAutoscaler = Shape;

export const HorizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', {});
