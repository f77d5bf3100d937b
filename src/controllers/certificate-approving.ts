// Approves the client certificates that kubelets ask for, when whoever asks may.

import { formatTime } from '../base/time.ts';
import { referenceTo } from '../client/client.ts';
import { ApiError, internalError } from '../api/status.ts';
import { SubjectAccessReview } from '../kinds/authorization/subject-access-review.ts';
import { CertificateSigningRequest } from '../kinds/certificates/certificate-signing-request.ts';
import { type Context, type Controller, defineController } from '../reconcile/controller.ts';
import type { CertificateAuthority, CertificateRequest } from '../server/tokens/key-maker.ts';
import { requestOf } from './certificate-signing.ts';
import { kubeletClient } from './certificates/signers.ts';

interface Recognized {
  readonly subresource: string;
  readonly message: string;
}

/** As what a request is approved, tried in this order: a node's own renewal, then the first certificate of a node. */
export function recognized(object: CertificateSigningRequest, request: CertificateRequest): Recognized[] {
  const { signerName, usages = [], username } = object.spec;
  if (signerName !== kubeletClient.name || kubeletClient.refusal(request, usages)) return [];
  const own = { subresource: 'selfnodeclient', message: approval('self kubelet client') };
  const first = { subresource: 'nodeclient', message: approval('kubelet client') };
  return username === request.commonName ? [own, first] : [first];
}

const approval = (what: string): string => `Auto approving ${what} certificate after SubjectAccessReview.`;

export const certificateApprovingController = (authority: CertificateAuthority): Controller =>
  defineController<CertificateSigningRequest>({
    name: 'certificatesigningrequest-approving-controller',
    for: CertificateSigningRequest,

    async reconcile(object, context) {
      const decided = (object.status?.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied');
      if (decided || object.status?.certificate) return;
      const request = await authority.read(requestOf(object));
      const ways = request ? recognized(object, request) : [];
      for (const { subresource, message } of ways)
        if (await mayAsk(object, subresource, context)) return approve(object, message, context);
      // Whoever asks may get the right to it later.
      if (ways.length > 0) throw notAllowed(object.metadata.name ?? '', ways);
      return;
    },
  });

const notAllowed = (name: string, ways: readonly Recognized[]): ApiError =>
  internalError(
    `recognized csr ${JSON.stringify(name)} as [${ways.map(({ subresource }) => subresource).join(' ')}] but subject access review was not approved`,
  );

async function mayAsk({ spec }: CertificateSigningRequest, subresource: string, { client }: Context): Promise<boolean> {
  const review: SubjectAccessReview = {
    metadata: {},
    spec: {
      user: spec.username ?? '',
      ...(spec.uid !== undefined && { uid: spec.uid }),
      ...(spec.groups && { groups: spec.groups }),
      ...(spec.extra && { extra: spec.extra }),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        version: '*',
        subresource,
      },
    },
  };
  return (await client.create(SubjectAccessReview, review)).status?.allowed === true;
}

async function approve(object: CertificateSigningRequest, message: string, context: Context): Promise<void> {
  const time = formatTime(context.clock.now());
  const approved = {
    type: 'Approved',
    status: 'True' as const,
    reason: 'AutoApproved',
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  };
  const status = { ...object.status, conditions: [...(object.status?.conditions ?? []), approved] };
  await context.client.sub(CertificateSigningRequest, referenceTo(object), 'approval', { ...object, status }, 'PUT');
}
