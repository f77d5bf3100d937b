// Who somebody is and what they may do, for those who ask in the middle of a request: reviews, impersonation, checks of escalation.

import { authenticateToken, type Authenticator, type TokenAnswer } from './authenticate.ts';
import { type AccessRequest, type Authorizer, type Decision, decide } from './authorize.ts';

export interface Access {
  authenticate(token: string, audiences: readonly string[]): Promise<TokenAnswer>;
  decide(request: AccessRequest): Promise<Decision>;
}

/** Reads the lists only when asked: they are made after the server they belong to. */
export const accessBy = (
  authenticators: () => readonly Authenticator[],
  authorizers: () => readonly Authorizer[],
): Access => ({
  authenticate: (token, audiences) => authenticateToken(authenticators(), token, audiences),
  decide: (request) => decide(authorizers(), request),
});
