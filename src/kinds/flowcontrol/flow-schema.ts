import type { FlowSchema as Shape } from '../generated/types/flowcontrol-v1.ts';
import { defineKind } from '../define.ts';

export type FlowSchema = Shape;

export const FlowSchema = defineKind<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', {});
