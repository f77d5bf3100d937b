// SubjectAccessReview: may somebody do something?

import { defineKind } from '../define.ts';
import type { SubjectAccessReview as Shape } from '../generated/types/authorization-v1.ts';
import { reviewIssues } from './review-issues.ts';

export type SubjectAccessReview = Shape;

export const SubjectAccessReview = defineKind<SubjectAccessReview>('authorization.k8s.io/v1', 'SubjectAccessReview', {
  validate: ({ spec }) => reviewIssues(spec, 'anyone'),
});
