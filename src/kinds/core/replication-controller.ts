import type { ReplicationController as Shape } from '../generated/types/core-v1.ts';
import { defineKind } from '../define.ts';

export type ReplicationController = Shape;

export const ReplicationController = defineKind<ReplicationController>('v1', 'ReplicationController', {});
