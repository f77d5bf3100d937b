// Groups of the Kubernetes project itself (…k8s.io, …kubernetes.io) need somebody's word for a definition: an annotation says whose.

export const approvalAnnotation = 'api-approved.kubernetes.io';

export interface Approval {
  readonly approved: boolean;
  readonly reason: 'MissingAnnotation' | 'InvalidAnnotation' | 'UnapprovedAnnotation' | 'ApprovedAnnotation';
  readonly message: string;
}

const where = 'see https://github.com/kubernetes/enhancements/pull/1111';
const must = `protected groups must have approval annotation "${approvalAnnotation}"`;

/** Undefined for groups that need none. */
export function approvalOf(group: string, annotations: Readonly<Record<string, string>>): Approval | undefined {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) return undefined;
  const given = annotations[approvalAnnotation] ?? '';
  if (given === '') return { approved: false, reason: 'MissingAnnotation', message: `${must}, ${where}` };
  if (given.startsWith('unapproved'))
    return { approved: false, reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(given)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]+/i.test(given))
    return { approved: true, reason: 'ApprovedAnnotation', message: `approved in ${given}` };
  const either = 'with either a URL or a reason starting with "unapproved"';
  return { approved: false, reason: 'InvalidAnnotation', message: `${must} ${either}, ${where}` };
}
