import type { Event as Shape } from '../generated/types/events-v1.ts';
import { defineKind } from '../define.ts';

export type GroupEvent = Shape;

export const GroupEvent = defineKind<GroupEvent>('events.k8s.io/v1', 'Event', {});
