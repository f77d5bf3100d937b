import type { APIService as Shape } from '../generated/types/apiregistration-v1.ts';
import { defineKind } from '../define.ts';

export type APIService = Shape;

export const APIService = defineKind<APIService>('apiregistration.k8s.io/v1', 'APIService', {
  nameRule: 'pathSegment',
});
