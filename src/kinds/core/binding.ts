// Binding: the scheduler's word on where a pod runs. Never stored: it is written into the pod.

import { defineKind } from '../define.ts';
import type { Binding as Shape } from '../generated/types/core-v1.ts';

export type Binding = Shape;

export const Binding = defineKind<Binding>('v1', 'Binding', {});
