// Everything one may do in a namespace, as rules: what `kubectl auth can-i --list` prints.

import { badRequest } from '../../api/status.ts';
import type { KubeObject } from '../../api/object.ts';
import type {
  NonResourceRule,
  ResourceRule,
  SelfSubjectRulesReview,
} from '../../kinds/generated/types/authorization-v1.ts';
import { aggregated, type PolicyRule, policiesOf, rulesFor } from '../rbac.ts';
import type { VirtualHandler } from './index.ts';
import { answered, readReview } from './review.ts';

export const selfSubjectRulesReview: VirtualHandler = async (server, exchange, target) => {
  const review = await readReview<SelfSubjectRulesReview>(server, exchange, target);
  const { namespace = '' } = review.spec;
  if (namespace === '') throw badRequest('no namespace on request');
  const errors: string[] = [];
  const rules = [...rulesFor(await policiesOf(server), exchange.user, namespace, errors)].map(({ rule }) => rule);
  const answer: KubeObject = {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {},
    status: {
      resourceRules: rules.filter(({ resources }) => resources?.length).map(resourceRule),
      nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs?.length).map(pathRule),
      incomplete: false,
      ...(errors.length > 0 && { evaluationError: aggregated(errors) }),
    },
  };
  return answered(target, answer);
};

const resourceRule = ({ verbs, apiGroups, resources, resourceNames }: PolicyRule): ResourceRule => ({
  verbs,
  ...(apiGroups?.length && { apiGroups }),
  ...(resources?.length && { resources }),
  ...(resourceNames?.length && { resourceNames }),
});

const pathRule = ({ verbs, nonResourceURLs }: PolicyRule): NonResourceRule => ({
  verbs,
  ...(nonResourceURLs && { nonResourceURLs }),
});
