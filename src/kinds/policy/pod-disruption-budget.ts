import type { PodDisruptionBudget as Shape } from '../generated/types/policy-v1.ts';
import { defineKind } from '../define.ts';

export type PodDisruptionBudget = Shape;

export const PodDisruptionBudget = defineKind<PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget', {});
