import type { LocalSubjectAccessReview as Shape } from '../generated/types/authorization-v1.ts';
import { defineKind } from '../define.ts';

export type LocalSubjectAccessReview = Shape;

export const LocalSubjectAccessReview = defineKind<LocalSubjectAccessReview>('authorization.k8s.io/v1', 'LocalSubjectAccessReview', {});
