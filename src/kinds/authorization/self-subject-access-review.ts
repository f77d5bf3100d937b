import type { SelfSubjectAccessReview as Shape } from '../generated/types/authorization-v1.ts';
import { defineKind } from '../define.ts';

export type SelfSubjectAccessReview = Shape;

export const SelfSubjectAccessReview = defineKind<SelfSubjectAccessReview>('authorization.k8s.io/v1', 'SelfSubjectAccessReview', {});
