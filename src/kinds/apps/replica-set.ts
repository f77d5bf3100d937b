import type { ReplicaSet as Shape } from '../generated/types/apps-v1.ts';
import { defineKind } from '../define.ts';

export type ReplicaSet = Shape;

export const ReplicaSet = defineKind<ReplicaSet>('apps/v1', 'ReplicaSet', {});
