// Kinds whose objects are never stored: a question comes in, its answer goes out. Each line names the kind and what answers.

import { type Kind, resourceKey } from '../../api/kind.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import type { Result } from '../verbs/result.ts';
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-review.ts';
import { legacyBinding } from './binding.ts';
import { componentStatus } from './component-status.ts';
import { explanations } from './explanations.ts';
import { selfSubjectReview, tokenReview } from './identity-review.ts';
import { nodeMetrics, podMetrics } from './resource-metrics.ts';
import { selfSubjectRulesReview } from './rules-review.ts';

export type VirtualHandler = (server: Server, exchange: Exchange, target: ResourceTarget) => Promise<Result>;

const handlers: Readonly<Record<string, VirtualHandler>> = {
  bindings: legacyBinding,
  componentstatuses: componentStatus,
  'nodes.metrics.k8s.io': nodeMetrics,
  'pods.metrics.k8s.io': podMetrics,
  'localsubjectaccessreviews.authorization.k8s.io': localSubjectAccessReview,
  'selfsubjectaccessreviews.authorization.k8s.io': selfSubjectAccessReview,
  'selfsubjectreviews.authentication.k8s.io': selfSubjectReview,
  'selfsubjectrulesreviews.authorization.k8s.io': selfSubjectRulesReview,
  'subjectaccessreviews.authorization.k8s.io': subjectAccessReview,
  'tokenreviews.authentication.k8s.io': tokenReview,
  ...explanations,
};

export const virtualHandler = (kind: Kind): VirtualHandler | undefined => handlers[resourceKey(kind)];
