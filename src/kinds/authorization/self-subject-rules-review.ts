// SelfSubjectRulesReview: what may I do in a namespace?

import type { SelfSubjectRulesReview as Shape } from '../generated/types/authorization-v1.ts';
import { defineKind } from '../define.ts';

export type SelfSubjectRulesReview = Shape;

export const SelfSubjectRulesReview = defineKind<SelfSubjectRulesReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectRulesReview',
  {},
);
