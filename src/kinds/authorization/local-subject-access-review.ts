// LocalSubjectAccessReview: may somebody do something in a namespace?

import { defineKind } from '../define.ts';
import type { LocalSubjectAccessReview as Shape } from '../generated/types/authorization-v1.ts';
import { reviewIssues } from './review-issues.ts';

export type LocalSubjectAccessReview = Shape;

export const LocalSubjectAccessReview = defineKind<LocalSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'LocalSubjectAccessReview',
  {
    validate: ({ spec }) => reviewIssues(spec, 'anyone'),
  },
);
