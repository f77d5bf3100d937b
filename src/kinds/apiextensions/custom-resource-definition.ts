import type { CustomResourceDefinition as Shape } from '../generated/types/apiextensions-v1.ts';
import { defineKind } from '../define.ts';

export type CustomResourceDefinition = Shape;

export const CustomResourceDefinition = defineKind<CustomResourceDefinition>('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {});
