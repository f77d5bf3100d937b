// The authorizer of expressions. They ask it in the middle of a run, which cannot wait: a run stops at a question nobody has answered yet,
// and begins anew once the answer is there. Answers are kept for the request.

import { type FieldRequirement, parseFieldSelector } from '../../../base/selectors.ts';
import type { UserInfo } from '../../../api/request.ts';
import type { AccessDecision, AccessQuestion, Authorizer } from '../../../languages/cel/library/authorizer.ts';
import type { Access } from '../../access.ts';
import type { AccessRequest } from '../../authorize.ts';

/** Thrown by a run that asked something new. */
class Unanswered extends Error {
  readonly key: string;
  readonly request: AccessRequest;
  constructor(key: string, request: AccessRequest) {
    super('a question to the authorizer is not answered yet');
    this.key = key;
    this.request = request;
  }
}

/** Answers the questions of one request's expressions. */
export interface Questions {
  readonly authorizer: Authorizer;
  /** Runs until all that is asked is answered. */
  run<T>(attempt: () => T): Promise<T>;
}

export function questionsOf(user: UserInfo, access: Access): Questions {
  const answers = new Map<string, AccessDecision>();
  const asking = (who: UserInfo): Authorizer => ({
    check(question) {
      const key = JSON.stringify([who.name, question]);
      const answer = answers.get(key);
      if (!answer) throw new Unanswered(key, accessRequest(who, question));
      return answer;
    },
    serviceAccount: (namespace, name) => asking(serviceAccount(namespace, name)),
  });
  return {
    authorizer: asking(user),
    async run(attempt) {
      for (;;) {
        try {
          return attempt();
        } catch (failure) {
          if (!(failure instanceof Unanswered)) throw failure;
          const { verdict, reason } = await access.decide(failure.request);
          answers.set(failure.key, { allowed: verdict === 'allow', reason });
        }
      }
    },
  };
}

const serviceAccount = (namespace: string, name: string): UserInfo => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});

function accessRequest(user: UserInfo, question: AccessQuestion): AccessRequest {
  const { verb, path, group = '', resource = '', subresource = '', namespace = '', name = '' } = question;
  if (path !== undefined) return { user, verb, path };
  const fieldSelector = question.fieldSelector === undefined ? undefined : requirements(question.fieldSelector);
  const asked = { group, version: '*', resource, subresource, namespace, name };
  return { user, verb, resource: { ...asked, ...(fieldSelector && { fieldSelector }) } };
}

/** What cannot be read narrows nothing. */
function requirements(text: string): readonly FieldRequirement[] | undefined {
  try {
    return parseFieldSelector(text);
  } catch {
    return undefined;
  }
}
