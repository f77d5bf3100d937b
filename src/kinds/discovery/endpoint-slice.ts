import type { EndpointSlice as Shape } from '../generated/types/discovery-v1.ts';
import { defineKind } from '../define.ts';

export type EndpointSlice = Shape;

export const EndpointSlice = defineKind<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', {});
