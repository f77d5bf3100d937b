import type { Event as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type Event = Shape;

export const Event = defineKind<Event>('v1', 'Event', {});
