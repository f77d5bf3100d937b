// Requests for certificates: they say truthfully who asks, never make anybody a master, and are approved and signed by those who may.

import { bytesOfBase64, textOf } from '../../base/bytes.ts';
import { requestedSubject } from '../../base/certificate-request.ts';
import { deepEqual } from '../../base/equal.ts';
import { forbidden } from '../../api/status.ts';
import type { CertificateSigningRequest } from '../../kinds/certificates/certificate-signing-request.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';

type Request = CertificateSigningRequest;

const group = 'certificates.k8s.io';
const clientSigner = 'kubernetes.io/kube-apiserver-client';

const isRequest = ({ kind }: Attributes): boolean =>
  kind.group === group && kind.plural === 'certificatesigningrequests';

const refused = ({ name, object }: Attributes, why: string) =>
  forbidden({ group, resource: 'certificatesigningrequests' }, name || (object?.metadata.name ?? ''), why);

/** Upstream has this in the storage of requests: whatever the body says, the requester is the user. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  handles: (attributes) => isRequest(attributes) && attributes.operation === 'CREATE',

  mutate({ object, user }) {
    const { spec } = object as Draft & Request;
    if (!spec) return;
    spec.username = user.name;
    spec.groups = [...user.groups];
    if (user.uid) spec.uid = user.uid;
    else delete spec.uid;
    if (user.extra)
      spec.extra = Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]));
    else delete spec.extra;
  },
};

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: (attributes) => isRequest(attributes) && attributes.operation === 'CREATE' && attributes.subresource === '',

  validate(attributes) {
    const { spec } = attributes.object as Draft & Request;
    if (spec.signerName !== clientSigner) return;
    const bytes = bytesOfBase64(spec.request ?? '');
    const subject = bytes && requestedSubject(textOf(bytes));
    if (subject?.organizations.includes('system:masters'))
      throw refused(attributes, `use of ${clientSigner} signer with system:masters group is not allowed`);
  },
};

export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  handles: (attributes) =>
    isRequest(attributes) && attributes.operation === 'UPDATE' && attributes.subresource === 'approval',

  validate: (attributes, world) => requireSigner(attributes, world, 'approve'),
};

export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  handles: (attributes) =>
    isRequest(attributes) && attributes.operation === 'UPDATE' && attributes.subresource === 'status',

  async validate(attributes, world) {
    const [next, previous] = [attributes.object as Draft & Request, attributes.old as Request];
    const same = (field: 'certificate' | 'conditions') => deepEqual(next.status?.[field], previous.status?.[field]);
    if (!same('certificate') || !same('conditions')) await requireSigner(attributes, world, 'sign');
  },
};

/** The right to one signer, or to all of its domain: `example.com/*`. */
async function requireSigner(attributes: Attributes, world: AdmissionWorld, verb: 'approve' | 'sign'): Promise<void> {
  const { signerName = '' } = (attributes.old as Request).spec;
  for (const name of [signerName, `${signerName.split('/', 1)[0]}/*`]) {
    const resource = { group, version: '*', resource: 'signers', subresource: '', namespace: '', name };
    const { verdict } = await world.access.decide({ user: attributes.user, verb, resource });
    if (verdict === 'allow') return;
  }
  throw refused(attributes, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}
