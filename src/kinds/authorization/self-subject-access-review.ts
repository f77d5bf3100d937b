// SelfSubjectAccessReview: may I do something?

import { defineKind } from '../define.ts';
import type { SelfSubjectAccessReview as Shape } from '../generated/types/authorization-v1.ts';
import { reviewIssues } from './review-issues.ts';

export type SelfSubjectAccessReview = Shape;

export const SelfSubjectAccessReview = defineKind<SelfSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectAccessReview',
  {
    validate: ({ spec }) => reviewIssues(spec, 'self'),
  },
);
