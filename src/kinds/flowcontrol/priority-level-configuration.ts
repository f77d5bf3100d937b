import type { PriorityLevelConfiguration as Shape } from '../generated/types/flowcontrol-v1.ts';
import { defineKind } from '../define.ts';

export type PriorityLevelConfiguration = Shape;

export const PriorityLevelConfiguration = defineKind<PriorityLevelConfiguration>('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', {});
