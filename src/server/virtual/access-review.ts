// May somebody do something: SubjectAccessReview, its form for one namespace, and its form for oneself.

import { type Issue, invalid, invalidObject } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { UserInfo } from '../../api/request.ts';
import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../../kinds/generated/types/authorization-v1.ts';
import type { AccessRequest } from '../authorize.ts';
import type { Server } from '../server.ts';
import type { VirtualHandler } from './index.ts';
import { answered, readReview } from './review.ts';

type Asked = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

export const subjectAccessReview: VirtualHandler = async (server, exchange, target) => {
  const review = await readReview<SubjectAccessReview>(server, exchange, target);
  requireValid([...subjectIssues(review.spec), ...metadataIssues(review.metadata)]);
  review.status = await decided(server, subjectOf(review.spec), review.spec);
  return answered(target, review);
};

export const localSubjectAccessReview: VirtualHandler = async (server, exchange, target) => {
  const review = await readReview<LocalSubjectAccessReview>(server, exchange, target);
  requireValid(localIssues(review));
  review.status = await decided(server, subjectOf(review.spec), review.spec);
  return answered(target, review);
};

export const selfSubjectAccessReview: VirtualHandler = async (server, exchange, target) => {
  const review = await readReview<SelfSubjectAccessReview>(server, exchange, target);
  requireValid([...askedIssues(review.spec), ...metadataIssues(review.metadata)]);
  review.status = await decided(server, exchange.user, review.spec);
  return answered(target, review);
};

/** Upstream leaves the kind out of these refusals. */
function requireValid(issues: readonly Issue[]): void {
  if (issues.length > 0) throw invalidObject('', 'authorization.k8s.io', '', issues);
}

function subjectIssues(spec: SubjectAccessReviewSpec): Issue[] {
  const nobody = !spec.user && !spec.groups?.length;
  return [
    ...askedIssues(spec),
    ...(nobody ? [invalid('spec.user', '', 'at least one of user or group must be specified')] : []),
  ];
}

/** Either a resource or a path. */
function askedIssues({ resourceAttributes, nonResourceAttributes }: Asked): Issue[] {
  if (resourceAttributes && nonResourceAttributes) {
    const why = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', goForm(nonResourceAttributes), why)];
  }
  if (resourceAttributes) return selectorIssues(resourceAttributes);
  if (nonResourceAttributes) return [];
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec.resourceAttributes', null, why)];
}

/** A selector is given as text or as requirements, not as both. */
function selectorIssues(attributes: ResourceAttributes): Issue[] {
  return (['fieldSelector', 'labelSelector'] as const).flatMap((name) => {
    const selector = attributes[name];
    const field = `spec.resourceAttributes.${name}`;
    if (!selector) return [];
    const raw = Boolean(selector.rawSelector);
    const listed = Boolean(selector.requirements?.length);
    if (raw && listed)
      return [
        invalid(`${field}.rawSelector`, selector.rawSelector, 'may not specified at the same time as requirements'),
      ];
    if (raw || listed) return [];
    return [
      {
        type: 'required',
        field: `${field}.requirements`,
        message: `Required value: when ${field} is specified, requirements or rawSelector is required`,
      } satisfies Issue,
    ];
  });
}

function metadataIssues(metadata: ObjectMeta): Issue[] {
  const { managedFields: _, ...rest } = metadata;
  return Object.keys(rest).length > 0 ? [invalid('metadata', metadataForm(metadata), 'must be empty')] : [];
}

function localIssues({ metadata, spec }: LocalSubjectAccessReview): Issue[] {
  const { managedFields: _, namespace = '', ...rest } = metadata;
  const issues = subjectIssues(spec);
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (Object.keys(rest).length > 0)
    issues.push(invalid('metadata', metadataForm(metadata), 'must be empty except for namespace'));
  if (resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace) {
    const field = 'spec.resourceAttributes.namespace';
    issues.push(invalid(field, resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  }
  if (nonResourceAttributes) {
    const why = 'disallowed on this kind of request';
    issues.push(invalid('spec.nonResourceAttributes', goForm(nonResourceAttributes), why));
  }
  return issues;
}

/** Upstream prints these attributes as Go names them. */
const goForm = ({ path = '', verb = '' }: NonResourceAttributes): object => ({ Path: path, Verb: verb });

/** Metadata in the order Go prints it. */
function metadataForm({ managedFields, ...rest }: ObjectMeta): object {
  const entries = managedFields?.map(({ manager, operation, apiVersion, time, ...more }) => ({
    manager,
    operation,
    apiVersion,
    time,
    ...more,
  }));
  return { ...rest, ...(entries && { managedFields: entries }) };
}

function subjectOf({ user = '', groups = [], uid, extra }: SubjectAccessReviewSpec): UserInfo {
  return { name: user, groups, ...(uid && { uid }), ...(extra && { extra }) };
}

async function decided(server: Server, user: UserInfo, asked: Asked): Promise<SubjectAccessReviewStatus> {
  const { verdict, reason } = await server.access.decide(requestOf(user, asked));
  return { allowed: verdict === 'allow', ...(verdict === 'deny' && { denied: true }), ...(reason && { reason }) };
}

function requestOf(user: UserInfo, { resourceAttributes, nonResourceAttributes }: Asked): AccessRequest {
  if (!resourceAttributes) {
    const { path = '', verb = '' } = nonResourceAttributes ?? {};
    return { user, verb, path };
  }
  const {
    verb = '',
    group = '',
    version = '',
    resource = '',
    subresource = '',
    namespace = '',
    name = '',
  } = resourceAttributes;
  return { user, verb, resource: { group, version, resource, subresource, namespace, name } };
}
