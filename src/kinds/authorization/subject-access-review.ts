import type { SubjectAccessReview as Shape } from '../generated/types/authorization-v1.ts';
import { defineKind } from '../define.ts';

export type SubjectAccessReview = Shape;

export const SubjectAccessReview = defineKind<SubjectAccessReview>('authorization.k8s.io/v1', 'SubjectAccessReview', {});
