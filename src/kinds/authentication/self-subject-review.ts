// SelfSubjectReview: who am I?

import type { SelfSubjectReview as Shape } from '../generated/types/authentication-v1.ts';
import { defineKind } from '../define.ts';

export type SelfSubjectReview = Shape;

export const SelfSubjectReview = defineKind<SelfSubjectReview>('authentication.k8s.io/v1', 'SelfSubjectReview', {});
