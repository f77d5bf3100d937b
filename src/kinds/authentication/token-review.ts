// TokenReview: whose token is this?

import type { TokenReview as Shape } from '../generated/types/authentication-v1.ts';
import { defineKind } from '../define.ts';

export type TokenReview = Shape;

export const TokenReview = defineKind<TokenReview>('authentication.k8s.io/v1', 'TokenReview', {});
