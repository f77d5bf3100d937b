// Who is it: TokenReview says whom a token names, SelfSubjectReview who one is oneself (`kubectl auth whoami`).

import { formatTime } from '../../base/time.ts';
import type { KubeObject } from '../../api/object.ts';
import type { UserInfo } from '../../api/request.ts';
import { badRequest } from '../../api/status.ts';
import type {
  TokenReview,
  TokenReviewStatus,
  UserInfo as PrintedUser,
} from '../../kinds/generated/types/authentication-v1.ts';
import { serverAudiences, type TokenAnswer } from '../authenticate.ts';
import type { VirtualHandler } from './index.ts';
import { answered, readReview } from './review.ts';

export const tokenReview: VirtualHandler = async (server, exchange, target) => {
  const review = await readReview<TokenReview>(server, exchange, target);
  const { token, audiences } = review.spec;
  if (!token) throw badRequest('token is required for TokenReview in authentication');
  const answer = await server.access.authenticate(token, audiences?.length ? audiences : serverAudiences);
  review.status = statusOf(answer);
  return answered(target, review);
};

function statusOf(answer: TokenAnswer): TokenReviewStatus {
  if ('known' in answer) {
    const { user, audiences } = answer.known;
    return { authenticated: true, user: printed(user), audiences: [...audiences] };
  }
  const { faults } = answer;
  return { user: {}, error: faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]` };
}

export const selfSubjectReview: VirtualHandler = async (server, exchange, target) => {
  await readReview(server, exchange, target);
  const answer: KubeObject = {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: formatTime(server.clock.now()) },
    status: { userInfo: printed(exchange.user) },
  };
  return answered(target, answer);
};

function printed({ name, uid, groups, extra }: UserInfo): PrintedUser {
  return {
    username: name,
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(extra &&
      Object.keys(extra).length > 0 && {
        extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
      }),
  };
}
